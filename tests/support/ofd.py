"""OFD files for the tests, written by hand, and small fonts whose glyphs are solid blocks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

NAMESPACE = "http://www.ofdspec.org/2016"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def part(name: str, body: str, attributes: str = "") -> str:
    """A whole XML document of OFD; `body` writes its names with the prefix `ofd:`."""
    return f'{HEAD}<ofd:{name} xmlns:ofd="{NAMESPACE}" {attributes}>{body}</ofd:{name}>'


def text(
    words: str,
    x: float = 20,
    y: float = 30,
    *,
    size: float = 5,
    font: str = "1",
    delta_x: str | None = "",
    delta_y: str | None = None,
    more: str = "",
    inside: str = "",
) -> str:
    """A text object whose first character stands on (x, y); without `delta_x`, characters follow one `size` apart."""
    if delta_x == "":
        delta_x = f"g {max(1, len(words) - 1)} {size}"
    deltas = "".join(
        f' {name}="{value}"' for name, value in (("DeltaX", delta_x), ("DeltaY", delta_y)) if value is not None
    )
    return (
        f'<ofd:TextObject ID="7" Boundary="{x} {y - size} 150 {size * 1.2}" Font="{font}" Size="{size}" {more}>{inside}'
        f'<ofd:TextCode X="0" Y="{size}"{deltas}>{words}</ofd:TextCode></ofd:TextObject>'
    )


def path(data: str, boundary: str = "0 0 210 297", attributes: str = "", inside: str = "") -> str:
    return (
        f'<ofd:PathObject ID="8" Boundary="{boundary}" {attributes}>{inside}'
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def filled(data: str, colour: str = "0 0 255", boundary: str = "0 0 210 297", attributes: str = "") -> str:
    return path(data, boundary, f'Fill="true" Stroke="false" {attributes}', f'<ofd:FillColor Value="{colour}"/>')


def image(
    resource: str, x: float, y: float, width: float, height: float, *, ctm: str | None = None, more: str = ""
) -> str:
    matrix = ctm if ctm is not None else f"{width} 0 0 {height} 0 0"
    return (
        f'<ofd:ImageObject ID="9" Boundary="{x} {y} {width} {height}" CTM="{matrix}" ResourceID="{resource}" {more}/>'
    )


def layer(*objects: str, attributes: str = "") -> str:
    return f'<ofd:Layer ID="5" {attributes}>{"".join(objects)}</ofd:Layer>'


def page(*objects: str, before: str = "", box: str = "") -> str:
    area = f"<ofd:Area><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:Area>" if box else ""
    content = "".join(objects)
    if "<ofd:Layer" not in content:
        content = layer(content)
    return part("Page", f"{area}{before}<ofd:Content>{content}</ofd:Content>")


def ofd(
    *pages: str,
    box: str = "0 0 210 297",
    fonts: Mapping[str, str | None] | None = None,
    media: Mapping[str, str] | None = None,
    resources: str = "",
    templates: Mapping[str, str] | None = None,
    document: str = "",
    body: str = "",
    files: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """A file of one document. `fonts` and `media`: file in `Res` by id, None for a font that is not in the file.
    `templates`: page XML by id. `files`: further entries, or others in place of these."""
    font_list = "".join(
        f'<ofd:Font ID="{number}" FontName="宋体">{f"<ofd:FontFile>{file}</ofd:FontFile>" if file else ""}</ofd:Font>'
        for number, file in (fonts if fonts is not None else {"1": None}).items()
    )
    media_list = "".join(
        f'<ofd:MultiMedia ID="{number}" Type="Image"><ofd:MediaFile>{file}</ofd:MediaFile></ofd:MultiMedia>'
        for number, file in (media or {}).items()
    )
    template_list = "".join(
        f'<ofd:TemplatePage ID="{number}" BaseLoc="Tpls/{number}.xml"/>' for number in templates or {}
    )
    page_list = "".join(
        f'<ofd:Page ID="{100 + number}" BaseLoc="Pages/Page_{number}/Content.xml"/>' for number in range(len(pages))
    )
    entries: dict[str, bytes | str] = {
        "OFD.xml": part(
            "OFD", f"<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{body}</ofd:DocBody>", 'Version="1.0"'
        ),
        "Doc_0/Document.xml": part(
            "Document",
            f"<ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea>"
            f"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>{template_list}</ofd:CommonData>"
            f"<ofd:Pages>{page_list}</ofd:Pages>{document}",
        ),
        "Doc_0/PublicRes.xml": part(
            "Res",
            f"<ofd:Fonts>{font_list}</ofd:Fonts><ofd:MultiMedias>{media_list}</ofd:MultiMedias>{resources}",
            'BaseLoc="Res"',
        ),
        **{f"Doc_0/Pages/Page_{number}/Content.xml": content for number, content in enumerate(pages)},
        **{f"Doc_0/Tpls/{number}.xml": content for number, content in (templates or {}).items()},
        **(files or {}),
    }
    return archive(entries)


def archive(entries: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in entries.items():
            zipped.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def signed(picture: bytes, page_id: str = "100", boundary: str = "120 200 40 40", clip: str = "") -> dict[str, object]:
    """Arguments for `ofd` that put a seal on a page: the list of signatures, a signature and its signed value."""
    cut = f' Clip="{clip}"' if clip else ""
    return {
        "body": "<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>",
        "files": {
            "Doc_0/Signs/Signatures.xml": part(
                "Signatures", '<ofd:Signature ID="1" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>'
            ),
            "Doc_0/Signs/Sign_0/Signature.xml": part(
                "Signature",
                f'<ofd:SignedInfo><ofd:StampAnnot ID="2" PageRef="{page_id}" Boundary="{boundary}"{cut}/></ofd:SignedInfo>'
                "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue>",
            ),
            "Doc_0/Signs/Sign_0/SignedValue.dat": seal_value(picture),
        },
    }


def der(tag: int, *contents: bytes) -> bytes:
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = (len(body).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(body).to_bytes(size, "big") + body


def seal_value(picture: bytes, kind: bytes = b"png") -> bytes:
    """The skeleton of a signature with its seal (GB/T 38540-2020): the picture four sequences deep, among other values."""
    header = der(0x30, der(0x16, b"ES"), der(0x02, b"\x04"), der(0x16, b"maker"))
    names = der(0x30, der(0x02, b"\x01"), der(0x0C, "某某印章".encode()), der(0x04, b"certificate"))
    drawn = der(0x30, der(0x16, kind), der(0x04, picture), der(0x02, b"\x28"), der(0x02, b"\x28"))
    seal = der(0x30, der(0x30, header, der(0x16, b"1234567"), names, drawn), der(0x04, b"certificate"))
    return der(0x30, der(0x30, der(0x02, b"\x04"), seal, der(0x17, b"260101000000Z")), der(0x03, b"\x00signature"))


def block_font(characters: str, *, width: int = 1000, glyphs: Sequence[str] = ()) -> bytes:
    """A TrueType font in which each character is a block from the base line to 0.8 ems, nearly as wide as its cell.

    `glyphs` names further glyphs that no character leads to; they come first, numbered from 1.
    """
    characters = "".join(dict.fromkeys(characters))
    names = [".notdef", *glyphs, *(f"u{ord(character):05X}" for character in characters)]
    pen = TTGlyphPen(None)
    for at, corner in enumerate([(50, 0), (50, 800), (width - 50, 800), (width - 50, 0)]):
        (pen.lineTo if at else pen.moveTo)(corner)
    pen.closePath()
    block = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"u{ord(character):05X}" for character in characters})
    builder.setupGlyf({name: TTGlyphPen(None).glyph() if name == ".notdef" else block for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (width, 50)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Block", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()


def font_folder(folder: Path, characters: str, *, width: int = 1000) -> Path:
    """A folder with a machine's Chinese font, made of blocks."""
    (folder / "NotoSansCJKsc-Regular.otf").write_bytes(block_font("国" + characters, width=width))
    return folder
