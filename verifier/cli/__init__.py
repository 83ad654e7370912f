"""The command `verifier`."""

from __future__ import annotations

from verifier.cli.app import main

__all__ = ["main"]
