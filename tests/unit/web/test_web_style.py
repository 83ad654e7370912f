"""The colours of the pages keep WCAG 2.2 AA, measured from the style sheet's own tokens."""

from __future__ import annotations

import re
from itertools import chain, product
from pathlib import Path

import pytest

import verifier.web.app

STYLE = (Path(verifier.web.app.__file__).parent / "static" / "style.css").read_text(encoding="utf-8")
TONES = ("plain", "busy", "good", "warn", "look", "bad")

TEXT = [
    *product(("text", "muted", "accent"), ("ground", "surface", "sunken")),
    *((f"{tone}-text", f"{tone}-ground") for tone in TONES),
    *((f"{tone}-text", ground) for tone, ground in product(("busy", "good", "warn"), ("surface", "sunken"))),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("warn-text", "surface"),
]
"""Text and its ground: 4.5 to 1 (success criterion 1.4.3)."""

SHAPES = list(
    chain(product(("line-strong", "focus"), ("ground", "surface")), ((f"{tone}-text", "surface") for tone in TONES))
)
"""Borders of controls, the focus ring, dots: 3 to 1 (1.4.11)."""


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme: dark ones replace light ones of the same name."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark.split("}\n}")[0]))
    return found


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` as WCAG defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    colours = tokens(scheme)
    weak = [(a, b) for a, b in TEXT if contrast(colours[a], colours[b]) < 4.5]
    weak += [(a, b) for a, b in SHAPES if contrast(colours[a], colours[b]) < 3]
    assert weak == []


def test_colours_are_tokens() -> None:
    rules = STYLE.split("*, *::before", 1)[1]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", rules) == []
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    defined = set(re.findall(r"--([\w-]+):", STYLE))
    assert used <= defined


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert not re.search(r"@import|url\(|https?:", STYLE)
