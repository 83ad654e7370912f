"""The HTTP side: the interface of CONTRACT.md section 4 for programs, and pages for people. Only translates; the use
cases are in verifier.services."""
