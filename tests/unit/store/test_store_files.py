"""The folder of files: safe once named, found out when damaged. What it shares with a bucket: tests/contract."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.factories import settings_for
from tests.support.stores import put
from tests.support.threads import together
from verifier.errors import ConfigError, StorageError
from verifier.store.files import LocalFiles, open_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


def path_of(root: Path, sha256: str) -> Path:
    return root / sha256[:2] / sha256[2:4] / sha256


def everything(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_many_putting_the_same_at_once_leave_one_whole_file(root: Path) -> None:
    data = b"paper" * 100_000
    names = together([lambda: put(LocalFiles(root), data)] * 6)
    assert len(set(names)) == 1
    assert everything(root) == [path_of(root, names[0])]
    assert LocalFiles(root).get(names[0]) == data


def test_only_the_owner_may_read(root: Path) -> None:
    sha256 = put(LocalFiles(root), b"paper")
    file = path_of(root, sha256)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (root, file.parent, file.parent.parent)} == {0o700}


def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError) as error:
        put(LocalFiles(blocked / "files"), b"paper")
    assert error.value.code == "storage.unavailable"
    assert error.value.transient


def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("verifier.store.files.os.fsync", no_space)
    with pytest.raises(StorageError):
        put(LocalFiles(root), b"paper")
    assert everything(root) == []


def test_the_leavings_of_old_writes_go_and_young_ones_stay(root: Path) -> None:
    files = LocalFiles(root)
    folder = path_of(root, put(files, b"paper")).parent
    old, young = folder / ".old.part", folder / ".young.part"
    for part in (old, young):
        part.write_bytes(b"half a paper")
    os.utime(old, (1000, 1000))
    assert files.drop_partial(datetime.fromtimestamp(1001, UTC)) == 1
    assert not old.exists()
    assert young.exists()


def test_a_check_makes_the_folder_and_leaves_it_empty(root: Path) -> None:
    LocalFiles(root / "deep").check()
    assert everything(root) == []
    assert (root / "deep").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ConfigError) as error:
        LocalFiles(blocked / "files").check()
    assert error.value.details["name"] == "VERIFIER_FILES_URL"
    assert str(blocked) in str(error.value.details["why"])


def test_a_folder_that_went_away_is_noticed(root: Path) -> None:
    files = LocalFiles(root)
    files.check()
    files.ping()
    root.rmdir()
    with pytest.raises(StorageError) as error:
        files.ping()
    assert error.value.code == "storage.unavailable"


def test_a_url_opens_a_store(tmp_path: Path) -> None:
    sha256 = put(open_files(settings_for(tmp_path, files_url=f"file://{tmp_path}/a%20b")), b"paper")
    assert path_of(tmp_path / "a b", sha256).is_file()


@pytest.mark.parametrize("url", ["file://elsewhere/x", "file:relative"])
def test_a_url_without_a_store_is_a_wrong_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_files(settings_for(tmp_path, files_url=url))
    assert error.value.details["name"] == "VERIFIER_FILES_URL"
