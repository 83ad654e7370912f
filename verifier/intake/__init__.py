"""From uploaded bytes to pages: sniffed by content, bounded before anything is decoded, then decoded."""

from verifier.intake.decode import decode
from verifier.intake.limits import Limits
from verifier.intake.page import DecodedPage, Image
from verifier.intake.sniff import FileKind, sniff
from verifier.intake.trace import Trace
from verifier.intake.traces import traces

__all__ = ["DecodedPage", "FileKind", "Image", "Limits", "Trace", "decode", "sniff", "traces"]
