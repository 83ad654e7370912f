"""Settings: where they come from, what is refused and how, and that each is documented."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from verifier.errors import ConfigError
from verifier.settings import PREFIX, Settings, load_settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture(autouse=True)
def clean_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without a .env, an environment without our variables."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_without_anything_everything_lies_inside_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/verifier.db"
    assert settings.redis_url == f"unix://{tmp_path}/data/run/valkey.sock"
    assert settings.files_url == f"file://{tmp_path}/data/files"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.master_key is None


def test_the_data_folder_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFIER_DATA", str(tmp_path / "other"))
    monkeypatch.setenv("VERIFIER_FILES_URL", "file:///srv/files")
    settings = load_settings()
    assert settings.database_url == f"sqlite:///{tmp_path}/other/verifier.db"
    assert settings.files_url == "file:///srv/files"


def test_a_command_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("VERIFIER_PORT=1001\nVERIFIER_WORKERS=3\nVERIFIER_HOST=0.0.0.0\nOTHER=x\n")
    monkeypatch.setenv("VERIFIER_PORT", "1002")
    monkeypatch.setenv("VERIFIER_WORKERS", "4")
    settings = load_settings(port=1003, host=None)
    assert (settings.port, settings.workers, settings.host) == (1003, 4, "0.0.0.0")


def test_blank_means_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERIFIER_DATABASE_URL", "")
    monkeypatch.setenv("VERIFIER_MASTER_KEY", "")
    settings = load_settings()
    assert settings.database_url.startswith("sqlite:///")
    assert settings.master_key is None


@pytest.mark.parametrize(
    "url", ["sqlite:////srv/verifier.db", "postgresql+psycopg://user:secret@db/verifier", "sqlite:///relative.db"]
)
def test_database_urls(url: str) -> None:
    assert load_settings(database_url=url).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "postgresql://user:s3cret@db/verifier"),
        ("database_url", "mysql://db/s3cret"),
        ("redis_url", "http://s3cret"),
        ("files_url", "/srv/s3cret"),
        ("master_key", "s3cret"),
        ("master_key", base64.b64encode(b"s3cret").decode()),
        ("port", "s3cret"),
        ("port", "65536"),
        ("workers", "-1"),
        ("max_tries", "0"),
        ("page_deadline_s", "0"),
        ("log_level", "s3cret"),
        ("lease_s", "15"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert error.value.details["name"] == PREFIX + name.upper()
    text = str(error.value)
    assert "\n" not in text
    assert "s3cret" not in text
    assert base64.b64encode(b"s3cret").decode() not in text


def test_an_unknown_override_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(prot=8080)
    assert error.value.details["name"] == "VERIFIER_PROT"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"VERIFIER_HOST=\xff\xfe\n")
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert error.value.details["name"] == ".env"


def test_a_key_is_never_shown() -> None:
    settings = load_settings(master_key=KEY)
    assert KEY not in repr(settings)
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == KEY


def documented() -> dict[str, str]:
    """Name to default of each row of the tables of docs/settings.md."""
    rows = re.findall(r"^\| `(VERIFIER_[A-Z0-9_]+)` \| (.*?) \| (.+?) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    return {name: default for name, default, _ in rows}


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert set(documented()) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_documented_defaults_are_the_real_ones() -> None:
    settings = load_settings()
    said = documented()
    for name in Settings.model_fields:
        text = said[PREFIX + name.upper()].strip("`")
        value = getattr(settings, name)
        if text == "—":
            assert value is None, name
        elif "{data}" in text:
            assert value == text.replace("{data}", str(settings.data)), name
        elif name not in ("data", "models_dir"):
            assert str(value).lower() == text.lower(), name
    assert said["VERIFIER_DATA"] == "`./data`"
