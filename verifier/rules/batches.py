"""Loads batches from TOML: one file per batch, named after its code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from schemas.batch import Batch
from verifier.errors import ConfigError, InputError
from verifier.rules.catalogue import RULES
from verifier.rules.exam_items import ALERTS

PACKAGED = Path(__file__).parent / "batches"
"""The batches that come with the program."""

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def load(code: str, directory: Path | None = None) -> Batch:
    """The batch with this code.

    `directory` holds `<code>.toml` files; None means the batches that come with the program. Raises InputError
    `case.unknown_batch` when there is none, ConfigError naming the file and the field when the file is wrong.
    """
    path = (directory or PACKAGED) / f"{code}.toml"
    # The code comes from an application: it must not lead out of the folder.
    if _CODE.fullmatch(code) is None or not path.is_file():
        raise InputError("case.unknown_batch", batch=code[:60])
    return read(path)


def available(directory: Path | None = None) -> tuple[str, ...]:
    """Codes of all batches in the folder, sorted."""
    return tuple(sorted(path.stem for path in (directory or PACKAGED).glob("*.toml") if _CODE.fullmatch(path.stem)))


def read(path: Path) -> Batch:
    """Read and check one batch file. Raises ConfigError naming the file and the first wrong field."""
    try:
        text = path.read_text(encoding="utf-8")
        batch = Batch.model_validate(tomllib.loads(text))
    except OSError as error:
        raise ConfigError(name=path.name, why=f"无法读取({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(name=path.name, why="不是 UTF-8 文本") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name=path.name, why=f"不是正确的 TOML({error})") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "(整个文件)"
        raise ConfigError(name=f"{path.name}:{where}", why=first["msg"]) from error
    _check(batch, path)
    return batch


def _check(batch: Batch, path: Path) -> None:
    """What the model cannot know: the file's name, the rules there are, the numbers the form has."""
    if batch.code != path.stem:
        raise ConfigError(name=f"{path.name}:code", why=f"应与文件名 {path.stem} 相同")
    for name, known in (("rules", frozenset(RULES)), ("alert_ranges", frozenset(ALERTS))):
        unknown = sorted(frozenset(getattr(batch, name)) - known)
        if unknown:
            raise ConfigError(name=f"{path.name}:{name}.{unknown[0]}", why="没有这一项")
