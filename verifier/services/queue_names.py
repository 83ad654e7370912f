"""The queues there are. Docs: operations.md, Queues and fairness."""

from __future__ import annotations

INTERACTIVE = "interactive"
"""Somebody waits: resubmissions, small cases, what a person had tried again."""
BULK = "bulk"
"""All other reading."""

QUEUES = (INTERACTIVE, BULK)
"""In the order a relay serves them."""
