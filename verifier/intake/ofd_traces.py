"""What an OFD file says about how it came to be: signatures, versions, editors. GB/T 33190-2016, 7.4, 18 and 19.

A signature lists every file it protects with a digest. Whether those digests still hold is checked here, for it needs
nothing but the file; whether the signature over that list is the issuer's is not: that takes certificates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from schemas.reading import SignalKind
from verifier.errors import InputError
from verifier.intake.editors import document_editor
from verifier.intake.limits import Limits
from verifier.intake.ofd_package import ROOT, Budget, Package, folder_of, open_package, resolve
from verifier.intake.pdf_traces import CHANGED_BEHIND, UNVERIFIED
from verifier.intake.trace import Trace

_METHODS = {
    "1.2.156.10197.1.401": "sm3",
    "sm3": "sm3",
    "md5": "md5",
    "1.2.840.113549.2.5": "md5",
    "sha1": "sha1",
    "sha-1": "sha1",
    "1.3.14.3.2.26": "sha1",
    "sha256": "sha256",
    "sha-256": "sha256",
    "2.16.840.1.101.3.4.2.1": "sha256",
}
"""Names and object identifiers by which `CheckMethod` is written; MD5 is the standard's default."""
_MOST_SIGNATURES = 50
_MOST_REFERENCES = 2000


def ofd_traces(data: bytes) -> tuple[Trace, ...]:
    """Traces of an OFD file; what cannot be read says nothing."""
    try:
        package = open_package(data, Budget.of(Limits()))
        return tuple(trace for body in package.xml(ROOT).iter("DocBody") for trace in _of(package, body))
    except InputError:
        return ()


def _of(package: Package, body: Element) -> Iterator[Trace]:
    names = [body.findtext(f"DocInfo/{name}") or "" for name in ("Creator", "CreatorVersion")]
    for title in dict.fromkeys(title for name in names if (title := document_editor(name))):
        yield Trace(SignalKind.EDITED, f"OFD 由 {title} 生成或保存", strong=True)
    versions = len(body.findall("Versions/Version"))
    if versions > 1:
        yield Trace(SignalKind.UPDATED, f"OFD 文件含 {versions} 个版本")
    listed = body.findtext("Signatures")
    if listed and (path := resolve("", listed)) in package:
        states = [_holds(package, signature) for signature in _signatures(package, path)]
        if False in states:
            yield Trace(SignalKind.SIGNATURE, CHANGED_BEHIND, strong=True)
        elif states:
            yield Trace(SignalKind.SIGNATURE, UNVERIFIED)


def _signatures(package: Package, listed: str) -> list[str]:
    entries = package.xml(listed).findall("Signature")[:_MOST_SIGNATURES]
    return [resolve(folder_of(listed), entry.get("BaseLoc")) for entry in entries]


def _holds(package: Package, path: str) -> bool | None:
    """Whether every file a signature protects is as it was; None when nothing can be said."""
    if path not in package:
        return None
    checked: list[bool] = []
    references = package.xml(path).find("SignedInfo/References")
    if references is None:
        return None
    method = _METHODS.get((references.get("CheckMethod") or "MD5").strip().lower())
    if method is None or method not in hashlib.algorithms_available:
        return None
    for reference in references.findall("Reference")[:_MOST_REFERENCES]:
        state = _unchanged(package, folder_of(path), reference, method)
        if state is not None:
            checked.append(state)
    return all(checked) if checked else None


def _unchanged(package: Package, folder: str, reference: Element, method: str) -> bool | None:
    location, written = reference.get("FileRef"), reference.findtext("CheckValue")
    if not location or not written:
        return None
    try:
        expected = base64.b64decode(written.strip(), validate=True)
    except binascii.Error:
        return None
    path = resolve(folder, location)
    if path not in package:
        return False
    # A digest that guards against chance and not against an attacker: the list it stands in is what is signed.
    return hashlib.new(method, package.read(path), usedforsecurity=False).digest() == expected
