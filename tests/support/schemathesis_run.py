"""schemathesis on the OpenAPI document, against a running server, as every role: `python -m tests.support.schemathesis_run`.

Nothing may answer 5xx, a status, a content type, a header or a body that the document does not name, or let in who brings no
login. Examples and time are bounded; `--examples` and `--seconds` (for each role) change that.
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import structlog

from schemas.case import TOKEN_ROLES, Role
from tests.support import cases, people
from tests.support.factories import Judge, finding, form, load_batch, measure, settings_for
from tests.support.server import serving
from verifier.services import submit, tokens
from verifier.services.context import Services, open_services
from verifier.store import database
from verifier.web import cookies
from verifier.web.app import create_app

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth", "missing_required_header",
)  # fmt: skip
BY_COOKIE = frozenset({"ignored_auth", "missing_required_header"})
"""These leave out the Authorization header and expect a refusal; a caller with a cookie never sends one. The walk of
tests/unit/web/test_web_roles.py tries the cookie without its token."""
NOBODY = "nobody"
SEED = 20261020
"""The same examples in every run: a failure can be had again."""


@contextmanager
def running(data: Path) -> Iterator[tuple[str, Mapping[str, Mapping[str, str]]]]:
    """A server with a few applications; its address, and the headers of each caller."""
    settings = settings_for(data)
    database.migrate(settings.database_url)
    services = open_services(settings)
    try:
        _fill(services)
        callers: dict[str, Mapping[str, str]] = {NOBODY: {}}
        for role in TOKEN_ROLES:
            callers[role.value] = {"Authorization": f"Bearer {tokens.create(services, role.value, role, 'test')}"}
        people.account(services, "applicant-1", Role.APPLICANT, phone="13800138000")
        secret = people.session_of(services, "applicant-1")
        callers[Role.APPLICANT.value] = {
            "Cookie": f"{cookies.SESSION}={secret}",
            cookies.HEADER: cookies.form_token(secret),
        }
        with serving(create_app(services)) as address:
            yield address, callers
    finally:
        services.sessions.kw["bind"].dispose()


def _fill(services: Services) -> None:
    """The number that the document gives as its example, advised on; an applicant's draft."""
    seeding = replace(services, measure=measure, judge=Judge(findings=(finding(),)), load_batch=load_batch)
    cases.advised(seeding, cases.NO)
    owner_id = people.account(services, "applicant-1", Role.APPLICANT, phone="13800138000")
    submit.create_application(services, form(application_no="HD2026A000777"), "applicant-1", owner_id)


def walk(address: str, caller: str, headers: Mapping[str, str], *, examples: int, seconds: int, report: Path) -> int:
    """One run as one caller; schemathesis' own exit code."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/api/openapi.json"),
        *("--checks", ",".join(check for check in CHECKS if "Cookie" not in headers or check not in BY_COOKIE)),
        *("--max-examples", str(examples), "--max-time", str(seconds)),
        *("--seed", str(SEED), "--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
        *("--suppress-health-check", "all", "--request-timeout", "20", "--warnings", "off", "--continue-on-failure"),
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    report.write_text(done.stdout, encoding="utf-8")
    return done.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=25, help="Fuzzed examples of each operation and caller.")
    parser.add_argument("--seconds", type=int, default=30, help="For each caller, at the most.")
    parser.add_argument("--only", help="One caller, such as `reviewer` or `nobody`.")
    given = parser.parse_args()
    failed = []
    # a line for each request would bury the answer; defects are errors and stay
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (address, callers):
        for caller, headers in callers.items():
            if given.only not in (None, caller):
                continue
            report = Path(folder) / f"{caller}.txt"
            code = walk(address, caller, headers, examples=given.examples, seconds=given.seconds, report=report)
            text = report.read_text(encoding="utf-8")
            if code:
                failed.append(caller)
                sys.stdout.write(text)
            summary = [line.strip() for line in text.splitlines() if "generated" in line or "Tested" in line]
            sys.stdout.write(f"schemathesis as {caller}: {'FAILED' if code else 'no failure'}; {'; '.join(summary)}\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
