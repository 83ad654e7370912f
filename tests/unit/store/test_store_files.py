"""The file store: content under its hash, safe once named, found out when damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000))
def test_what_is_put_comes_back(root: Path, data: bytes) -> None:
    files = LocalFiles(root)
    sha256 = files.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert files.exists(sha256)
    assert files.get(sha256) == data


def test_the_same_content_is_kept_once(root: Path) -> None:
    files = LocalFiles(root)
    assert files.put(b"paper") == files.put(b"paper")
    assert len(everything(root)) == 1


def test_many_putting_the_same_at_once_leave_one_whole_file(root: Path) -> None:
    data = b"paper" * 100_000
    names = together([lambda: LocalFiles(root).put(data)] * 6)
    assert len(set(names)) == 1
    assert everything(root) == [path_of(root, names[0])]
    assert LocalFiles(root).get(names[0]) == data


def test_only_the_owner_may_read(root: Path) -> None:
    sha256 = LocalFiles(root).put(b"paper")
    file = path_of(root, sha256)
    assert file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (root, file.parent, file.parent.parent)} == {0o700}


def test_a_missing_file_is_lost(root: Path) -> None:
    files = LocalFiles(root)
    sha256 = "a" * 64
    assert not files.exists(sha256)
    with pytest.raises(StorageError) as error:
        files.get(sha256)
    assert error.value.code == "storage.lost"


def test_a_damaged_file_is_lost_until_it_is_put_again(root: Path) -> None:
    files = LocalFiles(root)
    sha256 = files.put(b"paper")
    path_of(root, sha256).write_bytes(b"Paper")
    with pytest.raises(StorageError) as error:
        files.get(sha256)
    assert error.value.code == "storage.lost"
    files.put(b"paper")
    assert files.get(sha256) == b"paper"


def test_deleting_is_quiet_and_final(root: Path) -> None:
    files = LocalFiles(root)
    sha256 = files.put(b"paper")
    files.delete(sha256)
    files.delete(sha256)
    assert not files.exists(sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_only_a_hash_is_a_name(root: Path, name: str) -> None:
    files = LocalFiles(root)
    for call in (files.get, files.exists, files.delete):
        with pytest.raises(ValueError, match="SHA-256"):
            call(name)


def test_a_store_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError) as error:
        LocalFiles(blocked / "files").put(b"paper")
    assert error.value.code == "storage.unavailable"
    assert error.value.transient


def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("verifier.store.files.os.fsync", no_space)
    with pytest.raises(StorageError):
        LocalFiles(root).put(b"paper")
    assert everything(root) == []


def test_a_url_opens_a_store(tmp_path: Path) -> None:
    sha256 = open_files(f"file://{tmp_path}/a%20b").put(b"paper")
    assert path_of(tmp_path / "a b", sha256).is_file()


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "file://elsewhere/x", "file:relative", "http://x/y"])
def test_a_url_without_a_store_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_files(url)
    assert error.value.details["name"] == "VERIFIER_FILES_URL"
