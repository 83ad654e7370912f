"""Rows, files and the chain of events. Knows tables and bytes, nothing of documents or rules."""
