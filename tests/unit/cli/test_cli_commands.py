"""The command line: what is documented, and that an error is one line on standard error with exit code 2."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import psutil
import pytest
import structlog
import typer
from click.testing import Result
from typer.testing import CliRunner

from tests.support.stores import put
from tests.support.waiting import wait_until
from verifier.cli import app as cli
from verifier.cli import broker, child, up
from verifier.cli.parts import listen
from verifier.errors import AccountError, AuthError, ConfigError
from verifier.services import identity, production, tokens
from verifier.services.context import open_services
from verifier.settings import PREFIX, Settings, load_settings
from verifier.store import database
from verifier.store.files import LocalFiles

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs" / "commands.md"
KEY = "IiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEE="
ENOUGH_S = 60.0


@pytest.fixture(autouse=True)
def clean_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def commands() -> dict[str, click.Command]:
    """Every command by its words, as the program has it."""
    return dict(_walk("verifier", typer.main.get_command(cli.complete())))


def _walk(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, one in inner.items():
        yield from _walk(f"{words} {name}", one)


def options(command: click.Command) -> set[str]:
    """Those a person is shown."""
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    return {
        name for parameter in shown for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")
    }


def documented() -> dict[str, set[str]]:
    """Options by the command whose heading they stand under."""
    sections = re.split(r"^### `(verifier [a-z ]+)`$", DOCS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    pairs = zip(sections[::2], sections[1::2], strict=True)
    return {
        words: {
            name
            for row in re.findall(r"^\| (`--.*?) \|", text, re.MULTILINE)
            for name in re.findall(r"`(--[a-z-]+)", row)
        }
        for words, text in pairs
    }


def test_every_command_and_option_is_documented_and_nothing_else_is() -> None:
    assert documented() == {words: options(command) - {"--help"} for words, command in commands().items()}


def test_every_option_says_what_it_is() -> None:
    for words, command in commands().items():
        assert command.help, words
        for parameter in command.params:
            if parameter.name != "help":
                assert getattr(parameter, "help", None), f"{words} {parameter.name}"


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Answer]]:
    """The program, run in this process; what it changes for the whole process is put back."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> Answer:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["verifier", *map(str, arguments)])
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = capsys.readouterr()
        return Answer(int(ended.value.code or 0), out, err)

    yield run
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def refused(answer: Answer, *words: str) -> None:
    """One line, on standard error, that names what is wrong."""
    assert answer.returncode == 2, answer.stderr
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    for word in words:
        assert word in line


def test_a_wrong_setting_is_one_line(tmp_path: Path, verifier: Callable[..., Answer]) -> None:
    refused(verifier("up", "--data", tmp_path, env={"VERIFIER_MAX_TRIES": "many"}), "VERIFIER_MAX_TRIES")
    refused(verifier("relay", env={"VERIFIER_REDIS_URL": "http://s3cret"}), "VERIFIER_REDIS_URL")


def test_missing_weights_are_one_line(tmp_path: Path, verifier: Callable[..., Answer]) -> None:
    env = {"VERIFIER_MODELS_DIR": str(tmp_path / "none")}
    refused(verifier("up", "--data", tmp_path, env=env), "models.missing", "verifier models fetch")
    database.migrate(load_settings(data=tmp_path).database_url)
    refused(verifier("worker", "--queue", "bulk", "--data", tmp_path, env=env), "models.missing")


def test_a_database_that_was_not_migrated_is_one_line(tmp_path: Path, verifier: Callable[..., Answer]) -> None:
    refused(verifier("relay", "--data", tmp_path), "database.not_migrated", "verifier migrate")


@pytest.mark.parametrize(
    "part",
    [("serve",), ("relay",), ("reconciler",), ("worker", "--queue", "bulk"), ("up", "--workers", "0", "--port", "0")],
)
def test_a_store_that_cannot_be_used_is_one_line(
    tmp_path: Path, verifier: Callable[..., Answer], part: tuple[str, ...]
) -> None:
    database.migrate(load_settings(data=tmp_path).database_url)
    (tmp_path / "file").write_text("")
    folder = {"VERIFIER_FILES_URL": f"file://{tmp_path}/file/files"}
    refused(verifier(*part, "--data", tmp_path, env=folder), "config.invalid", "VERIFIER_FILES_URL", "cannot write")
    bucket = {
        "VERIFIER_FILES_URL": "s3://papers/x",
        "VERIFIER_S3_ENDPOINT": "http://127.0.0.1:1",
        "VERIFIER_S3_ACCESS_KEY": "key",
        "VERIFIER_S3_SECRET_KEY": "s3cret",
    }
    answer = verifier(*part, "--data", tmp_path, env=bucket)
    refused(answer, "config.invalid", "VERIFIER_S3_ENDPOINT", "nothing answers at http://127.0.0.1:1")
    assert "s3cret" not in answer.stderr


def test_orphans_are_counted_and_collected(tmp_path: Path, verifier: Callable[..., Answer]) -> None:
    database.migrate(load_settings(data=tmp_path).database_url)
    store = LocalFiles(tmp_path / "files")
    young, old = put(store, b"young"), put(store, b"old")
    os.utime(tmp_path / "files" / old[:2] / old[2:4] / old, (1000, 1000))
    counted = verifier("files", "collect", "--dry-run", "--json", "--data", tmp_path)
    assert json.loads(counted.stdout) == {"seen": 2, "orphans": 1, "bytes": 3, "partial": 0, "removed": False}
    assert store.exists(old)
    assert "2 files, 1 orphans removed (3 bytes)" in verifier("files", "collect", "--data", tmp_path).stdout
    assert (store.exists(young), store.exists(old)) == (True, False)


def test_a_queue_that_does_not_exist_is_refused_with_the_names_of_those_that_do(
    verifier: Callable[..., Answer],
) -> None:
    answer = verifier("worker", "--queue", "express")
    assert answer.returncode == 2
    assert "interactive" in answer.stderr
    assert "bulk" in answer.stderr


def test_tokens_are_printed_once_and_migrating_twice_is_nothing(
    tmp_path: Path, verifier: Callable[..., Answer]
) -> None:
    assert verifier("migrate", "--data", tmp_path).returncode == 0
    assert verifier("migrate", "--data", tmp_path).returncode == 0
    made = verifier("token", "create", "--role", "admin", "--name", "somebody", "--data", tmp_path)
    services = open_services(load_settings(data=tmp_path))
    try:
        assert tokens.authenticate(services, made.stdout.strip()).name == "somebody"
    finally:
        services.sessions.kw["bind"].dispose()


# `up`, before it starts anything


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as error, up.only_one(tmp_path / "file" / "data"):
        pass
    assert error.value.details["name"] == "VERIFIER_DATA"
    with pytest.raises(ConfigError), up.only_one(tmp_path / "file"):
        pass


def test_one_up_at_a_time_on_a_data_folder(tmp_path: Path) -> None:
    with up.only_one(tmp_path):
        with pytest.raises(ConfigError) as error, up.only_one(tmp_path):
            pass
        assert "another" in str(error.value)
    with up.only_one(tmp_path):
        assert stat.S_IMODE((tmp_path / "up.lock").stat().st_mode) == 0o600


def test_a_port_in_use_is_named() -> None:
    with listen(load_settings(port=0)) as taken, pytest.raises(ConfigError) as error:
        listen(load_settings(port=taken.getsockname()[1]))
    assert error.value.details["name"] == "VERIFIER_PORT"
    assert "in use" in str(error.value)


def test_an_address_of_another_machine_is_named() -> None:
    for host, name in (("192.0.2.1", "VERIFIER_PORT"), ("nowhere.invalid", "VERIFIER_HOST")):
        with pytest.raises(ConfigError) as error:
            listen(load_settings(host=host, port=0))
        assert error.value.details["name"] == name


def test_the_key_is_made_once_for_its_owner_only_and_lies_where_every_part_looks(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    first, env = up._with_own_key(load_settings(data=tmp_path, port=0, workers=3))
    again, _ = up._with_own_key(load_settings(data=tmp_path))
    assert first.master_key is not None
    assert first.master_key == again.master_key
    assert env == {"VERIFIER_DATA": str(tmp_path)}
    assert (first.port, first.workers) == (0, 3)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_key_that_was_given_is_used(tmp_path: Path) -> None:
    key = "A" * 43 + "="
    settings, env = up._with_own_key(load_settings(data=tmp_path, master_key=key))
    assert not (tmp_path / "master.key").exists()
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == key
    assert "VERIFIER_MASTER_KEY" not in env, "the parts find it where it was found"


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_parts(tmp_path: Path, workers: int) -> None:
    parts = up._parts(load_settings(data=tmp_path, workers=workers), {}, 7)
    assert [part.name for part in parts] == ["valkey", "web", "relay", *(f"unit{n + 1}" for n in range(workers))]
    assert [part.name for part in parts if part.stop_round] == ["valkey"]
    assert parts[1].descriptors == (7,)


@pytest.mark.parametrize("url", ["redis://queue.example/3", "unix:///run/valkey.sock"])
def test_a_broker_that_was_named_is_used_instead_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("VERIFIER_REDIS_URL", url)
    settings = load_settings(data=tmp_path)
    assert not settings.has_own_broker
    assert [part.name for part in up._parts(settings, {}, 7)] == ["web", "relay", "unit1"]


def test_our_own_broker_named_by_its_own_address_is_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = load_settings(data=tmp_path)
    assert own.has_own_broker
    monkeypatch.setenv("VERIFIER_REDIS_URL", own.redis_url)
    assert not load_settings(data=tmp_path).has_own_broker


def test_a_long_data_folder_has_its_broker_elsewhere_and_the_same_for_every_command(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    first, second = load_settings(data=deep), load_settings(data=deep)
    assert first.redis_url == second.redis_url
    path = first.redis_url.removeprefix("unix://")
    assert len(path) < 104
    assert not path.startswith(str(deep))
    assert load_settings(data=deep / "other").redis_url != first.redis_url


def test_a_folder_for_the_broker_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir(mode=0o755)
    broker.server(tmp_path / "valkey", tmp_path / "run" / "valkey.sock")
    for name in ("valkey", "run"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


def test_a_folder_for_the_broker_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as error:
        broker.server(tmp_path / "file", tmp_path / "run" / "valkey.sock")
    assert error.value.details["name"] == "VERIFIER_DATA"


HOLDER = """
import sys, time
from pathlib import Path
began, end = map(Path, sys.argv[1:])
began.touch()
while not end.exists():
    time.sleep(0.02)
"""


def test_a_program_under_a_lock_waits_for_the_one_before(tmp_path: Path) -> None:
    def start(name: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-c", HOLDER, str(tmp_path / name), str(tmp_path / f"{name}.end")]
        command = [sys.executable, "-m", child.__name__, str(os.getpid()), str(tmp_path / "lock"), *program]
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})

    def has_opened_the_lock(process: subprocess.Popen[bytes]) -> bool:
        return any(file.path == str(tmp_path / "lock") for file in psutil.Process(process.pid).open_files())

    first = start("first")
    wait_until((tmp_path / "first").exists, within_s=ENOUGH_S, what="the first runs")
    second = start("second")
    try:
        wait_until(lambda: has_opened_the_lock(second), within_s=ENOUGH_S, what="the second has opened the lock")
        assert not (tmp_path / "second").exists()
        first.kill()
        first.wait()
        wait_until((tmp_path / "second").exists, within_s=ENOUGH_S, what="the second runs")
    finally:
        for process in (first, second):
            process.kill()
            process.wait()


# logins


def test_logins_are_shown_again_and_made_anew_for_a_fresh_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(data=tmp_path / "data", master_key=KEY)
    database.migrate(settings.database_url)
    services = open_services(settings)

    def shown() -> tuple[dict[str, str], dict[str, str]]:
        up._print_logins(services, settings)
        tokens_, logins = capsys.readouterr().err.split("Demo logins")
        return tuple(dict(line.split() for line in part.splitlines()[1:]) for part in (tokens_, logins))  # type: ignore[return-value]

    try:
        first, logins = shown()
        assert set(first) == {"integration", "reviewer", "second_reviewer", "admin", "auditor"}
        assert shown() == (first, logins)
        assert {tokens.authenticate(services, token).role.value for token in first.values()} == set(first)
        tokens.revoke(services, "demo-admin", "test")
        assert shown()[0]["admin"] != first["admin"]
        assert set(logins) == {"demo-reviewer", "demo-second-reviewer", "demo-admin", "demo-auditor"}
        for name, password in logins.items():
            identity.Passwords(applicants=False).prove(services, identity.Claim(name, password, "local"))
        for file in ("demo-tokens.txt", "demo-logins.txt"):
            assert stat.S_IMODE((settings.data / file).stat().st_mode) == 0o600
        assert production.account_problems(services) == []
        strict = replace(services, settings=settings.model_copy(update={"mode": "production"}))
        (problem,) = production.account_problems(strict)
        assert "demo accounts" in str(problem)
    finally:
        services.sessions.kw["bind"].dispose()


def test_a_demo_asks_for_no_second_factor_unless_told(tmp_path: Path) -> None:
    plain, env = up._for_demo(load_settings(data=tmp_path), {"A": "b"})
    assert (plain.second_factor, env) == ("off", {"A": "b", "VERIFIER_SECOND_FACTOR": "off"})
    told, env = up._for_demo(load_settings(data=tmp_path, second_factor="required"), {})
    assert (told.second_factor, env) == ("required", {})


# accounts and production


def test_accounts_from_the_command_line(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, master_key=KEY)
    database.migrate(settings.database_url)
    (tmp_path / "master.key").write_text(KEY)

    def run(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(cli.complete(), ["account", *arguments, "--data", str(tmp_path)], input=given)

    made = run("create", "--name", "zhang.min", "--role", "reviewer")
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}\n", made.stdout), made.output
    given = run("create", "--name", "li.na", "--role", "admin", "--password-stdin", given="lamp river moss 47\n")
    assert (given.exit_code, given.stdout) == (0, "")
    assert isinstance(run("create", "--name", "li.na", "--role", "admin").exception, AccountError)
    assert isinstance(run("create", "--name", "x", "--role", "admin").exception, AccountError)
    assert isinstance(run("create", "--name", "wang", "--role", "applicant").exception, AuthError)
    assert run("reset", "--name", "zhang.min").stdout != made.stdout
    assert run("lock", "--name", "zhang.min").exit_code == 0
    table = run("list").stdout
    assert re.search(r"zhang\.min.*reviewer.*locked", table)
    assert re.search(r"li\.na.*admin.*ready", table)
    assert run("lock", "--name", "zhang.min", "--undo").exit_code == 0
    assert "waits for its code" in re.sub(r"\s+", " ", run("list").stdout)
    last = run("lock", "--name", "li.na").exception
    assert isinstance(last, AccountError)
    assert last.code == "account.last_admin"


PRODUCTION = {
    "mode": "production", "master_key": KEY, "public_url": "https://verifier.example", "second_factor": "required",
    "sms_url": "https://sms.example/send", "sms_secret": "0123456789abcdef", "database_url": "postgresql+psycopg://u@h/d",
}  # fmt: skip


@pytest.mark.parametrize(
    "changes, names",
    [
        ({}, []),
        ({"master_key": None}, ["MASTER_KEY"]),
        ({"master_key": "A" * 43 + "="}, ["MASTER_KEY"]),
        ({"public_url": None}, ["PUBLIC_URL"]),
        ({"public_url": "http://verifier.example"}, ["PUBLIC_URL"]),
        ({"second_factor": "off"}, ["SECOND_FACTOR"]),
        ({"sms_url": None}, ["SMS_URL"]),
        ({"sms_url": "http://sms.example"}, ["SMS_URL"]),
        ({"sms_secret": None}, ["SMS_SECRET"]),
        ({"sms_secret": "short"}, ["SMS_SECRET"]),
        ({"sms_url": None, "applicant_accounts": False}, []),
        ({"public_url": None, "second_factor": "off", "sms_url": None}, ["PUBLIC_URL", "SECOND_FACTOR", "SMS_URL"]),
        ({"mode": "development", "public_url": None, "second_factor": "off", "sms_url": None}, []),
    ],
)
def test_production_refuses_what_is_not_safe(tmp_path: Path, changes: dict[str, Any], names: list[str]) -> None:
    settings = load_settings(data=tmp_path, **{**PRODUCTION, **changes})
    found = production.problems(settings)
    assert [str(problem.details["name"]).removeprefix(PREFIX) for problem in found] == names
    assert not any(KEY in str(problem) for problem in found)


def test_production_warns_of_sqlite_only(tmp_path: Path) -> None:
    assert production.warnings(load_settings(data=tmp_path, **PRODUCTION)) == []
    on_sqlite = {**PRODUCTION, "database_url": f"sqlite:///{tmp_path}/x.db"}
    assert len(production.warnings(load_settings(data=tmp_path, **on_sqlite))) == 1


def test_a_server_in_production_says_each_thing_in_a_line(tmp_path: Path) -> None:
    env = {**os.environ, "VERIFIER_MODE": "production", "VERIFIER_SECOND_FACTOR": "off"}
    command = [sys.executable, "-m", "verifier", "serve", "--data", str(tmp_path), "--port", "0"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=ENOUGH_S)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 4, done.stderr
    assert [re.findall(r"VERIFIER_\w+", line)[0] for line in lines] == [
        "VERIFIER_MASTER_KEY", "VERIFIER_PUBLIC_URL", "VERIFIER_SECOND_FACTOR", "VERIFIER_SMS_URL",
    ]  # fmt: skip
    assert all(line.startswith("[config.invalid] ") for line in lines)


def test_answers_only_when_ready() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not up._answers(f"http://127.0.0.1:{nobody.getsockname()[1]}")
