from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from verifier.errors import ModelsError
from verifier.ocr import models
from verifier.ocr.models import Member, Source, Step

CHARACTERS = ["!", "〇", "\u2028", "中", "。"]


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number % 128 + 128]) + varint(number // 128)


def number(field: int, value: int) -> bytes:
    return varint(field * 8) + varint(value)


def part(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field * 8 + 2) + varint(len(data)) + data


def tiny_onnx(metadata: dict[str, str]) -> bytes:
    """An ONNX model that copies its input, written field by field (ModelProto of onnx.proto)."""
    kind = part(1, number(1, 1) + part(2, part(1, number(1, 1))))
    node = part(1, "x") + part(2, "y") + part(4, "Identity")
    graph = (
        part(1, node) + part(2, "g") + part(11, part(1, "x") + part(2, kind)) + part(12, part(1, "y") + part(2, kind))
    )
    props = b"".join(part(14, part(1, key) + part(2, value)) for key, value in metadata.items())
    return number(1, 8) + part(7, graph) + part(8, number(2, 13)) + props


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Source]:
    path = tmp_path_factory.mktemp("wheel") / "tiny-1.0-py3-none-any.whl"
    detector = tiny_onnx({})
    recogniser = tiny_onnx({"character": "\n".join(CHARACTERS)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/det.onnx", detector)
        archive.writestr("tiny/rec.onnx", recogniser)
        archive.writestr("tiny.dist-info/licenses/LICENSE", "free")
        archive.writestr("../../evil", "never unpacked")
    source = Source(
        name="tiny",
        requirement="tiny==1.0",
        sha256=sha256(path.read_bytes()),
        detector=Member("tiny/det.onnx", sha256(detector)),
        recogniser=Member("tiny/rec.onnx", sha256(recogniser)),
        licences=("tiny.dist-info/licenses/LICENSE",),
    )
    return path, source


Fetch = Callable[..., models.Models]


@pytest.fixture
def fetch(wheel: tuple[Path, Source], tmp_path: Path) -> Fetch:
    def fetch_tiny(**options: object) -> models.Models:
        given = {"wheel": wheel[0], "source": wheel[1], **options}
        return models.fetch(tmp_path / "models", **given)  # type: ignore[arg-type]

    return fetch_tiny


def test_fetch_writes_folders_that_paddleocr_reads(fetch: Fetch, tmp_path: Path) -> None:
    found = fetch()
    assert found.name == "tiny"
    detection = yaml.safe_load((found.detector / "inference.yml").read_text(encoding="utf-8"))
    recognition = yaml.safe_load((found.recogniser / "inference.yml").read_text(encoding="utf-8"))
    assert detection["Global"]["model_name"] == "tiny_det"
    assert recognition["PostProcess"]["character_dict"] == CHARACTERS
    assert (tmp_path / "models" / "licences" / "LICENSE").read_text() == "free"
    names = {p.name for p in (tmp_path / "models").iterdir()}
    assert names == {"tiny_det", "tiny_rec", "licences", "manifest.json", ".lock"}
    assert models.check(tmp_path / "models") == found


def test_fetch_again_does_nothing(fetch: Fetch) -> None:
    steps: list[Step] = []
    first = fetch(progress=steps.append)
    written = (first.recogniser / "inference.onnx").stat()
    second = fetch(progress=steps.append, wheel=Path("not-looked-at.whl"))
    assert steps == [Step.CHECKING, Step.WRITING, Step.DONE, Step.PRESENT]
    assert second == first and (first.recogniser / "inference.onnx").stat().st_ino == written.st_ino


@pytest.mark.parametrize("name", ["inference.onnx", "inference.yml"])
def test_damage_is_named_and_mended(fetch: Fetch, tmp_path: Path, name: str) -> None:
    found = fetch()
    with (found.detector / name).open("ab") as file:
        file.write(b"#")
    with pytest.raises(ModelsError) as caught:
        models.check(tmp_path / "models")
    assert caught.value.code == "models.damaged"
    assert caught.value.details["file"] == f"tiny_det/{name}"
    assert models.check(tmp_path / "models") if fetch() else False


def test_missing_file_is_named(fetch: Fetch, tmp_path: Path) -> None:
    found = fetch()
    (found.recogniser / "inference.onnx").unlink()
    with pytest.raises(ModelsError) as caught:
        models.check(tmp_path / "models")
    assert (caught.value.code, caught.value.details["file"]) == ("models.missing", "tiny_rec/inference.onnx")


def test_nothing_there_names_the_first_file(tmp_path: Path) -> None:
    with pytest.raises(ModelsError) as caught:
        models.check(tmp_path / "nowhere")
    assert caught.value.details["file"] == "PP-OCRv6_small_det/inference.onnx"


def test_damaged_manifest_is_named(fetch: Fetch, tmp_path: Path) -> None:
    fetch()
    (tmp_path / "models" / "manifest.json").write_text("[]")
    with pytest.raises(ModelsError) as caught:
        models.check(tmp_path / "models")
    assert (caught.value.code, caught.value.details["file"]) == ("models.damaged", "manifest.json")


def test_folders_of_a_site_need_no_manifest(tmp_path: Path) -> None:
    for name in ("own_det", "own_rec"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inference.onnx").write_bytes(b"weights")
        (tmp_path / name / "inference.yml").write_text("Global: {}")
    assert models.check(tmp_path) == models.Models("own", tmp_path / "own_det", tmp_path / "own_rec")
    (tmp_path / "other_rec").mkdir()
    with pytest.raises(ModelsError):
        models.check(tmp_path)


def test_wheel_with_another_checksum_is_refused(fetch: Fetch, wheel: tuple[Path, Source], tmp_path: Path) -> None:
    with pytest.raises(ModelsError) as caught:
        fetch(source=replace(wheel[1], sha256="0" * 64))
    assert (caught.value.code, caught.value.details["file"]) == ("models.damaged", wheel[0].name)
    assert {p.name for p in (tmp_path / "models").iterdir()} == {".lock"}


def test_member_with_another_checksum_is_refused(fetch: Fetch, wheel: tuple[Path, Source], tmp_path: Path) -> None:
    with pytest.raises(ModelsError) as caught:
        fetch(source=replace(wheel[1], detector=Member("tiny/det.onnx", "0" * 64)))
    assert caught.value.details["file"] == "tiny/det.onnx"
    assert {p.name for p in (tmp_path / "models").iterdir()} == {".lock"}


def test_member_that_is_not_there_is_named(fetch: Fetch, wheel: tuple[Path, Source]) -> None:
    with pytest.raises(ModelsError) as caught:
        fetch(source=replace(wheel[1], detector=Member("tiny/gone.onnx", "0" * 64)))
    assert (caught.value.code, caught.value.details["file"]) == ("models.missing", "tiny/gone.onnx")


def test_recogniser_without_characters_is_refused(fetch: Fetch, wheel: tuple[Path, Source]) -> None:
    with pytest.raises(ModelsError) as caught:
        fetch(source=replace(wheel[1], recogniser=wheel[1].detector))
    assert caught.value.code == "models.damaged"


def test_wheel_that_is_not_there_is_named(fetch: Fetch) -> None:
    with pytest.raises(ModelsError) as caught:
        fetch(wheel=Path("gone.whl"))
    assert (caught.value.code, caught.value.details["file"]) == ("models.missing", "gone.whl")


def test_pip_gets_a_pinned_hashed_requirement(
    fetch: Fetch, wheel: tuple[Path, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def pip(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        requirements = Path(command[command.index("-r") + 1]).read_text()
        assert requirements == f"tiny==1.0 --hash=sha256:{wheel[1].sha256}\n"
        target = Path(command[command.index("--dest") + 1])
        target.mkdir()
        (target / wheel[0].name).write_bytes(wheel[0].read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    assert fetch(wheel=None).name == "tiny"
    assert {"--no-deps", "--require-hashes", "--only-binary=:all:"} <= set(commands[0])


def test_failed_download_says_why_without_addresses(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "WARNING: x\nERROR: no match at https://user:secret@index.example/simple\nnote"

    def pip(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", complaint)

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(ModelsError) as caught:
        fetch(wheel=None)
    assert caught.value.code == "models.fetch_failed"
    assert caught.value.details["why"] == "ERROR: no match at …"


def test_pip_that_never_ends(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 1.0)

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(ModelsError) as caught:
        fetch(wheel=None)
    assert caught.value.code == "models.fetch_failed"
