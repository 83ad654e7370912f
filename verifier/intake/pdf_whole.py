"""Whether a PDF has its end.

PDFium repairs what it can and shows a cut file with the missing pictures left white. A page that looks empty because
the upload broke off must not be judged as what the applicant sent.
"""

from __future__ import annotations

import re

_LINEARIZED = re.compile(rb"/Linearized\b")
_LENGTH = re.compile(rb"/L\s+(\d+)")
_OBJECT = re.compile(rb"\d\s+\d+\s+obj\b")
_HEAD = 2048


def is_cut_short(data: bytes) -> bool:
    """True when the end of the file is missing.

    A whole file has `%%EOF` behind its last object (ISO 32000-1, 7.5.5), and a linearised one is at least as long as
    its first object says (annex F.3.3). Anything else may trail behind: web servers and mail programs leave their mark.
    """
    end = data.rfind(b"%%EOF")
    if end < 0 or _OBJECT.search(data, end):
        return True
    head = data[:_HEAD]
    length = _LENGTH.search(head) if _LINEARIZED.search(head) else None
    return length is not None and int(length[1]) > len(data)
