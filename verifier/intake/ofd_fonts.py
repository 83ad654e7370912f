"""The fonts OFD text is set in: those in the file where they can be used, else Chinese fonts of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from verifier.errors import FontsError
from verifier.intake.sfnt import FontDataError, Sfnt, read_sfnt

SYSTEM_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})

SANS = (
    "notosanscjk", "sourcehansans", "simhei", "msyh", "pingfang", "wqy-microhei", "wqy-zenhei", "notosanssc",
)  # fmt: skip
SERIF = ("notoserifcjk", "sourcehanserif", "simsun", "songti", "uming", "simfang", "notoserifsc")
"""Beginnings of the file names of fonts with the characters of mainland papers, the widest in use first: 黑体 and 宋体."""

_SERIF_NAMES = ("宋", "仿", "楷", "明", "song", "sun", "serif", "ming", "kai", "fang", "times")
"""Parts of names of fonts that are closer to 宋体 than to 黑体."""

_PROBE = "国"


def embedded_face(data: bytes) -> Sfnt | None:
    """A font from a file; None for one that cannot be used here: bare CFF or Type 1, damaged, without outlines.

    Its text is then set in a font of this machine, as every OFD reader does.
    """
    try:
        return read_sfnt(data)
    except FontDataError:
        return None


def machine_faces(name: str, folder: Path | None) -> Iterator[Sfnt]:
    """The fonts of this machine to set a text in whose own is not at hand, the most alike first.

    `folder` is looked through before the system's folders. Raises FontsError `fonts.missing` when there is no font with
    Chinese characters: empty boxes on a page would be taken for what the applicant sent.
    """
    found = _machine_fonts(folder)
    serif = any(part in name.lower() for part in _SERIF_NAMES)
    for path in sorted(found, key=lambda path: _is_serif(path) is not serif):
        yield _face(path)


def _is_serif(path: Path) -> bool:
    return path.name.lower().startswith(SERIF)


@lru_cache(maxsize=8)
def _machine_fonts(folder: Path | None) -> tuple[Path, ...]:
    """One sans and one serif font at most, those in `folder` first. Found once in a process; failing is not kept."""
    chosen: list[Path] = []
    for names in (SANS, SERIF):
        candidates = (path for place in (folder, *SYSTEM_FOLDERS) if place for path in _ranked(_files(place), names))
        chosen.extend(_first_usable(candidates))
    if not chosen:
        raise FontsError("fonts.missing", file="NotoSansCJKsc-Regular.otf")
    return tuple(chosen)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def _ranked(files: list[Path], names: tuple[str, ...]) -> list[Path]:
    """The files whose names begin as one of `names` does, in the order of `names`, regular weights first."""
    ranked = []
    for path in files:
        low = path.name.lower()
        rank = next((place for place, name in enumerate(names) if low.startswith(name)), None)
        if rank is not None:
            ranked.append((rank, "regular" not in low, low, path))
    return [path for *_, path in sorted(ranked)]


def _first_usable(candidates: Iterator[Path]) -> list[Path]:
    for path in candidates:
        try:
            usable = _face(path).glyph(_PROBE) is not None
        except (FontDataError, OSError):
            continue
        if usable:
            return [path]
    return []


@lru_cache(maxsize=4)
def _face(path: Path) -> Sfnt:
    return read_sfnt(path.read_bytes())
