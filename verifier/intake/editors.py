"""Names by which image and PDF editors sign the files they write.

Camera firmware, phone systems, scanners, office programs and libraries sign files too; they make documents and do not
retouch them, so they are not here. The names are those the programs write into EXIF `Software`, XMP `CreatorTool` and
`softwareAgent`, PNG `Software` and the PDF entries `Creator` and `Producer`.
"""

from __future__ import annotations

import re

_PICTURE_EDITORS: tuple[tuple[str, str], ...] = (
    (r"photo\s?shop|\bps\s?express\b", "Photoshop"),
    (r"light\s?room", "Lightroom"),
    (r"\billustrator\b", "Illustrator"),
    (r"\bindesign\b", "InDesign"),
    (r"\badobe fireworks\b", "Fireworks"),
    (r"\bgimp\b", "GIMP"),
    (r"\bkrita\b", "Krita"),
    (r"\binkscape\b", "Inkscape"),
    (r"\baffinity\s?(?:photo|designer|publisher)?\b", "Affinity"),
    (r"\bpixelmator\b", "Pixelmator"),
    (r"\bpaint\.?net\b", "Paint.NET"),
    (r"\bpaint\s?shop\s?pro\b|\bpaintshop\b", "PaintShop"),
    (r"\bcorel(?:draw| ?photo| ?paint)?\b", "Corel"),
    (r"\bacdsee\b", "ACDSee"),
    (r"\bcapture one\b", "Capture One"),
    (r"\bphotoscape\b", "PhotoScape"),
    (r"\bsnapseed\b", "Snapseed"),
    (r"\bpics\s?art\b", "PicsArt"),
    (r"\bcanva\b|可画", "Canva"),
    (r"\bvsco(?:cam)?\b", "VSCO"),
    (r"\bpolarr\b|泼辣修图", "Polarr"),
    (r"\bpixlr\b", "Pixlr"),
    (r"\bphotopea\b", "Photopea"),
    (r"\bfotor\b|懒设计", "Fotor"),
    (r"\bpicmonkey\b", "PicMonkey"),
    (r"\bfacetune\b", "Facetune"),
    (r"\btouchretouch\b", "TouchRetouch"),
    (r"\bbe\s?funky\b", "BeFunky"),
    (r"\bfigma\b", "Figma"),
    (r"\b(?:xiu\s?xiu\s?)?meitu\b|\bmeitupic\b|美图", "美图秀秀"),
    (r"\bxing\s?tu\b|\bhypic\b|醒图", "醒图"),
    (r"\bneo\s?imaging\b|光影魔术手", "光影魔术手"),
    (r"\bbutter\s?camera\b|黄油相机", "黄油相机"),
    (r"\bgaoding\b|稿定", "稿定设计"),
    (r"\bchuangkit\b|创客贴", "创客贴"),
    (r"可牛影像", "可牛影像"),
    (r"\bjian\s?ying\b|\bcap\s?cut\b|剪映", "剪映"),
    (r"\bpitu\b|天天p图", "天天P图"),
)
"""A pattern of the name and the name that people know the program by."""

_PDF_EDITORS: tuple[tuple[str, str], ...] = (
    (r"foxit\s?(?:phantom\s?pdf|pdf editor|pdf-editor)|福昕(?:高级)?pdf编辑", "福昕 PDF 编辑器"),
    (r"pdf\s?element|wondershare|万兴", "PDFelement"),
    (r"pdf-xchange\s?(?:editor|pro)", "PDF-XChange Editor"),
    (r"nitro\s?(?:pdf|pro|sign)", "Nitro"),
    (r"\bsejda\b", "Sejda"),
    (r"\bpdf\s?escape\b", "PDFescape"),
    (r"\bpdf\s?filler\b|\bairslate\b", "pdfFiller"),
    (r"\bdochub\b", "DocHub"),
    (r"\bsmall\s?pdf\b", "Smallpdf"),
    (r"\bilovepdf\b", "iLovePDF"),
    (r"\binfix\b|\biceni\b", "Infix"),
    (r"\bmaster pdf editor\b", "Master PDF Editor"),
    (r"(?:迅捷|金舟|嗨格式|转转大师|极速|傲软|万能)\s?pdf|\bapowerpdf\b|\bapowersoft\b", "PDF 编辑软件"),
    (r"\bsodapdf\b|\bsoda pdf\b", "Soda PDF"),
    (r"\bpdf editor\b|pdf\s?编辑", "PDF 编辑软件"),
)


def _compiled(names: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), title) for pattern, title in names)


_PICTURE = _compiled(_PICTURE_EDITORS)
_ANY = (*_PICTURE, *_compiled(_PDF_EDITORS))


def picture_editor(name: str) -> str | None:
    """The image editor a program's name stands for, as people know it; None for every other program."""
    return _first(name, _PICTURE)


def document_editor(name: str) -> str | None:
    """The image or PDF editor a name stands for; None for every other program, those that print to PDF among them."""
    return _first(name, _ANY)


def _first(name: str, known: tuple[tuple[re.Pattern[str], str], ...]) -> str | None:
    return next((title for pattern, title in known if pattern.search(name)), None)
