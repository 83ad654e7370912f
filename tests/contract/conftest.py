"""What the contract tests share."""

from __future__ import annotations

from tests.support.broker import broker
from tests.support.s3 import s3

__all__ = ["broker", "s3"]
