"""What the contract tests share."""

from __future__ import annotations

from tests.support.broker import broker

__all__ = ["broker"]
