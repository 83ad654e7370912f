"""The applicants' pages: the form in steps, the checklist, an upload for each slot."""
