"""The checks of `make check` find what they are for, and say when they could not look."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import dependency_audit
from tests.support.dependency_audit import ask, read_report, strong_copyleft
from tests.support.secret_scan import ROOT, main, scan, scan_text

# Put together here, so that this file holds none.
RANDOM = "q7Zp2" + "Lk9Vx4Tb8" + "RmW3nYc6H"
SECRETS = {
    "private-key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "aws-access-key": "key = AKIA" + "IOSFODNN7EXAMPLQ"[:16],
    "github-token": "ghp_" + "a1B2" * 9,
    "gitlab-token": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "slack-token": "xoxb-" + "123456789012-abcdef",
    "google-key": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "alibaba-key": "LTAI" + "5tAbCdEfGhIjKlMnOp",
    "tencent-key": "AKID" + "AbCd1234" * 4,
    "stripe-key": "sk_live_" + "a1B2c3D4e5F6g7H8i9J0",
    "jwt": "eyJhbGciOiJIUzI1" + ".eyJzdWIiOiIxMjM0NTY." + "SflKxwRJSMeKKF2QT4",
    "password-in-address": "postgresql://verifier:" + "hunter2x@db.internal/verifier",
    "assigned-secret": f'api_key = "{RANDOM}"',
}


@pytest.mark.parametrize("rule", SECRETS)
def test_what_looks_like_a_secret(rule: str) -> None:
    (hit,) = scan_text("settings.py", f"first line\n{SECRETS[rule]}\n")
    assert (hit.file, hit.line, hit.rule) == ("settings.py", 2, rule)
    assert SECRETS[rule] not in str(hit)


@pytest.mark.parametrize(
    "line",
    [
        f"master_key: {RANDOM}",
        f"VERIFIER_SMS_SECRET={RANDOM}",
        f'"password": "{RANDOM}"',
        "token = '" + "9f86d081884c7d65" + "9a2feaa0c55ad015'",
    ],
)
def test_what_is_called_a_secret_and_looks_random(line: str) -> None:
    assert [hit.rule for hit in scan_text("x", line)] == ["assigned-secret"]


@pytest.mark.parametrize(
    "line",
    [
        "token = request.headers.get_the_token_of_a_form()",
        "password = passwords_that_are_long_and_plain",
        "secret: str = Field(min_length=16)",
        "postgresql+psycopg://user:password@host/name",
        "https://example.test/path:8080@x",
        "    --hash=sha256:9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015 \\",
        f'api_key = "{RANDOM}"  # secret-scan: made up for a test',
    ],
)
def test_what_is_none(line: str) -> None:
    assert list(scan_text("x", line)) == []


def test_a_pardon_needs_a_reason() -> None:
    assert len(list(scan_text("x", f'api_key = "{RANDOM}"  # secret-scan: '))) == 1


def test_only_what_git_tracks_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "kept.txt").write_text(SECRETS["github-token"])
    (tmp_path / "binary").write_bytes(b"\0" + SECRETS["github-token"].encode())
    (tmp_path / "loose.txt").write_text(SECRETS["aws-access-key"])
    subprocess.run([*git, "add", "kept.txt", "binary"], check=True)
    hits, read = scan(tmp_path)
    assert ([str(hit) for hit in hits], read) == (["kept.txt:1: github-token"], 1)
    monkeypatch.setattr(sys, "argv", ["secret_scan", str(tmp_path)])
    assert main() == 1
    said = capsys.readouterr()
    assert SECRETS["github-token"] not in said.out + said.err
    monkeypatch.setattr(sys, "argv", ["secret_scan", str(tmp_path / "nowhere")])
    assert main() == 0
    assert "no git repository" in capsys.readouterr().out


def test_this_repository_holds_none() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: there is nothing to say which files are ours")
    hits, read = scan(ROOT)
    assert hits == []
    assert read > 300


# dependencies

REPORT = {
    "dependencies": [
        {"name": "sound", "version": "1.0", "vulns": []},
        {"name": "weak", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "GHSA-2"}]},
        {"name": "strange", "skip_reason": "Dependency not found"},
    ],
    "fixes": [],
}


def test_findings_are_told_from_what_was_not_looked_at() -> None:
    audit = read_report(REPORT)
    assert (audit.audited, audit.unknown) == (2, 1)
    assert audit.findings == ("weak 2.0: PYSEC-1 (mended in 2.1)", "weak 2.0: GHSA-2 (mended in no version)")


def _answering(monkeypatch: pytest.MonkeyPatch, stdout: str) -> None:
    def run(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, stdout=stdout, stderr="")

    monkeypatch.setattr(dependency_audit.subprocess, "run", run)


@pytest.mark.parametrize(
    "stdout", ["", "not json", '{"dependencies": [{"name": "a", "skip_reason": "Dependency not found"}]}', "{}"]
)
def test_a_service_that_knows_nothing_was_not_reached(monkeypatch: pytest.MonkeyPatch, stdout: str) -> None:
    _answering(monkeypatch, stdout)
    assert ask("pypi", Path("requirements.lock")) is None


def test_findings_fail_and_silence_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _answering(monkeypatch, json.dumps(REPORT))
    assert dependency_audit.main() == 1
    said = capsys.readouterr()
    assert "PYSEC-1" in said.err
    assert "2 packages known to pypi, 1 not, 2 findings" in said.out
    _answering(monkeypatch, "")
    assert dependency_audit.main() == 0
    assert "nothing was audited" in capsys.readouterr().out


@pytest.mark.parametrize(
    "licence, classifiers, strong",
    [
        ("GPL-3.0-only", [], True),
        ("AGPL-3.0-or-later", [], True),
        ("GNU General Public License v3", [], True),
        ("", ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"], True),
        ("", ["License :: OSI Approved :: GNU Affero General Public License v3"], True),
        ("LGPL-3.0-only", [], False),
        ("GNU Lesser General Public License v3", [], False),
        ("", ["License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)"], False),
        ("GPL-2.0-only OR MIT", [], False),
        ("", ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"], False),
        ("Apache-2.0", [], False),
        ("MIT", [], False),
        ("", [], False),
    ],
)  # fmt: skip
def test_strong_copyleft(licence: str, classifiers: list[str], strong: bool) -> None:
    assert strong_copyleft(licence, classifiers) is strong
