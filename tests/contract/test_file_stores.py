"""What every file store promises, asked of a folder and of a real S3 server alike."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.factories import settings_for
from tests.support.s3 import S3Server
from tests.support.stores import put
from tests.support.threads import together
from verifier.errors import StorageError
from verifier.store.files import FileStore, open_files

pytestmark = pytest.mark.server

CLOCKS_DIFFER = timedelta(seconds=2)
"""A store counts in whole seconds, by a clock of its own."""


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """An empty store of this test's own."""
    if request.param == "folder":
        store = open_files(settings_for(tmp_path))
    else:
        s3: S3Server = request.getfixturevalue("s3")
        store = open_files(settings_for(tmp_path, **s3.settings()))
    store.check()
    return store


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=2000))
def test_what_is_put_comes_back(files: FileStore, data: bytes) -> None:
    sha256 = put(files, data)
    assert files.exists(sha256)
    assert files.get(sha256) == data


def test_a_large_file_comes_back(files: FileStore) -> None:
    data = hashlib.shake_128(b"paper").digest(20 * 1024 * 1024)
    assert files.get(put(files, data)) == data


def test_the_same_content_is_kept_once_and_is_new_again(files: FileStore) -> None:
    first = put(files, b"paper")
    put_at = files.stat(first).put_at  # type: ignore[union-attr]
    assert put(files, b"paper") == first
    assert [found.name for found in files.walk()] == [first]
    assert files.stat(first).put_at >= put_at  # type: ignore[union-attr]


def test_many_putting_the_same_at_once_leave_one_whole_file(files: FileStore) -> None:
    data = b"paper" * 100_000
    names = together([lambda: put(files, data)] * 6)
    assert len(set(names)) == 1
    assert [found.name for found in files.walk()] == [names[0]]
    assert files.get(names[0]) == data


def test_a_missing_file_is_lost(files: FileStore) -> None:
    sha256 = "a" * 64
    assert not files.exists(sha256)
    assert files.stat(sha256) is None
    with pytest.raises(StorageError) as error:
        files.get(sha256)
    assert error.value.code == "storage.lost"


def test_deleting_is_quiet_and_final(files: FileStore) -> None:
    sha256 = put(files, b"paper")
    files.delete(sha256)
    files.delete(sha256)
    assert not files.exists(sha256)
    assert list(files.walk()) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_only_a_hash_is_a_name(files: FileStore, name: str) -> None:
    for call in (files.get, files.exists, files.delete, files.stat):
        with pytest.raises(ValueError, match="hexadecimal"):
            call(name)


def test_a_file_is_known_by_size_and_age(files: FileStore) -> None:
    before = datetime.now(UTC)
    sha256 = put(files, b"paper")
    after = datetime.now(UTC)
    found = files.stat(sha256)
    assert found is not None
    assert (found.name, found.size) == (sha256, 5)
    assert before - CLOCKS_DIFFER <= found.put_at <= after + CLOCKS_DIFFER
    [walked] = files.walk()
    assert (walked.name, walked.size) == (sha256, 5)
    assert abs(walked.put_at - found.put_at) <= CLOCKS_DIFFER


def test_a_walk_goes_by_name_and_goes_on_from_anywhere(files: FileStore) -> None:
    names = sorted(put(files, f"paper {number}".encode()) for number in range(60))
    assert [found.name for found in files.walk()] == names
    for position in (0, 7, 58, 59):
        assert [found.name for found in files.walk(names[position])] == names[position + 1 :]
    # a name that is not there, between two that are
    assert [found.name for found in files.walk(names[20][:-1])] == names[20:]


def test_a_check_leaves_nothing_that_counts(files: FileStore) -> None:
    files.check()
    assert list(files.walk()) == []
    files.ping()


def test_nothing_cut_off_is_left_of_whole_writes(files: FileStore) -> None:
    sha256 = put(files, b"paper")
    assert files.drop_partial(datetime.now(UTC) + timedelta(days=1)) == 0
    assert files.exists(sha256)
