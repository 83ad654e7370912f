"""The compose file and the image: what a reviewer would look for, so that no later change loses it."""

from __future__ import annotations

import base64
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from verifier.cli import app as cli
from verifier.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: Mapping[str, Mapping[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if "zero-visit-verifier" in service["image"]}
REQUIRED = set(re.findall(r"\$\{([A-Z0-9_]+):\?", COMPOSE))


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert service["restart"] in ("unless-stopped", "on-failure")
    assert "privileged" not in service
    assert service.get("cap_add", []) in ([], ["DAC_OVERRIDE"])


def test_only_the_web_is_reachable_and_only_from_its_own_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["${VERIFIER_PUBLISH:-127.0.0.1:8080}:8080"]
    networks = yaml.safe_load(COMPOSE)["networks"]
    assert networks["back"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] != ["back"]} == {"web"}


def test_no_secret_has_a_default() -> None:
    assert {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "VERIFIER_MASTER_KEY"} == REQUIRED
    for name in REQUIRED:
        # each mention insists; `$$NAME` is the container's own shell
        assert not re.search(rf"(?<!\$)\$\{{?{name}(?!:\?|[A-Z0-9_])", COMPOSE), name


def test_the_settings_and_commands_are_those_of_the_program() -> None:
    commands = {command.name: command for command in typer.main.get_command(cli.complete()).commands.values()}  # type: ignore[attr-defined]
    for service in OURS.values():
        for name in service["environment"]:
            assert name.removeprefix(PREFIX).lower() in Settings.model_fields
        verb, *options = service["command"]
        assert verb in commands
        assert {word for word in options if word.startswith("--")} <= {
            flag for parameter in commands[verb].params for flag in (*parameter.opts, *parameter.secondary_opts)
        }


def test_a_worker_has_time_for_the_page_in_hand() -> None:
    from workers import unit

    grace_s = unit.grace_s(Settings(_env_file=None))
    assert float(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= grace_s + 10


def test_the_example_names_what_is_required_and_gives_nothing_away() -> None:
    lines = (ROOT / "deploy" / "city.env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given == dict.fromkeys(REQUIRED, "")


def test_secrets_are_made_fresh_for_their_owner_only_and_never_overwritten(tmp_path: Path) -> None:
    def make(name: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(ROOT / "deploy" / "make-env.sh"), str(tmp_path / name)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def read(name: str) -> dict[str, str]:
        lines = (tmp_path / name).read_text(encoding="ascii").splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    assert make("one").returncode == make("two").returncode == 0
    one, two = read("one"), read("two")
    assert one.keys() == REQUIRED
    assert len(base64.b64decode(one["VERIFIER_MASTER_KEY"], validate=True)) == 32
    for name in REQUIRED:
        assert one[name] != two[name]
        assert len(one[name]) >= 20
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
    assert make("one").returncode != 0
    assert read("one") == one


def test_the_image_runs_as_nobody_special_from_the_hashed_lock() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    final = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in final
    assert any("--require-hashes -r requirements.lock" in line for line in lines)
    assert not any(re.search(r"--mount=|<<|# syntax=|requirements-dev", line) for line in lines)


def test_nothing_private_goes_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert let_in == set(" ".join(copied).split())
