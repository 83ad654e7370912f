"""Traces in the bytes of a file: hints for staff that it was edited, changed later, or carries a signature."""

from __future__ import annotations

import struct

from verifier.intake.ofd_traces import ofd_traces
from verifier.intake.pdf_traces import pdf_traces
from verifier.intake.picture_traces import picture_traces
from verifier.intake.sniff import FileKind
from verifier.intake.trace import Trace


def traces(data: bytes, kind: FileKind) -> tuple[Trace, ...]:
    """What the file itself says about how it came to be; () for most honest files, and for what cannot be read.

    No personal data: details are phrases of our own and names of programs known here. Raises nothing for damaged files.
    """
    if kind is FileKind.PDF:
        return pdf_traces(data)
    if kind is FileKind.OFD:
        return ofd_traces(data)
    try:
        return picture_traces(data, kind)
    except (struct.error, IndexError):
        # A damaged shell says nothing; decoding decides whether the picture can be used.
        return ()
