"""The demo batch of `verifier up`: synthetic cases, drawn once, submitted through the same use cases as anybody's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import structlog

from schemas.application import ApplicationForm
from schemas.case import CaseState
from verifier.cli.folder import find_cases, open_case
from verifier.errors import VerifierError
from verifier.services import queries, submit
from verifier.services.context import Services
from verifier.supervise import Stop

ACTOR = "demo"

log = structlog.get_logger(__name__)


def load(services: Services, folder: Path, stop: Stop) -> None:
    """Draw the batch into `folder` when it is not there, and submit every case that is not submitted yet.

    Failing is no reason to end `up`: it is said in one line, and the next case may do better.
    """
    try:
        paths = find_cases(folder) if _drawn(folder, services.settings.models_dir / "fonts", stop) else ()
    except VerifierError as error:
        log.error("demo.not_loaded", code=error.code)
        return
    for path in paths:
        if stop.is_set():
            return
        try:
            submit_case(services, path)
        except VerifierError as error:
            log.error("demo.not_loaded", case=path.name, code=error.code)
    log.info("demo.loaded", cases=len(paths))


def submit_case(services: Services, path: Path) -> None:
    """Create, upload and submit one case folder; nothing happens when it was submitted before."""
    case = open_case(path)
    application = case.application
    form = ApplicationForm.model_validate(application.model_dump(exclude={"documents"}))
    submit.create_application(services, form, ACTOR)
    if queries.case_view(services, application.application_no).state is not CaseState.DRAFT:
        return
    for slot in application.documents:
        uploads = [(path / name).read_bytes() for name in slot.files]
        submit.put_document(services, application.application_no, slot.slot, uploads, ACTOR)
    submit.submit(services, application.application_no, ACTOR)


def _drawn(folder: Path, fonts: Path, stop: Stop) -> bool:
    """Draw the batch in a process of its own (it is heavy on the processor) into a temporary folder, then rename."""
    if folder.is_dir():
        return True
    part = folder.with_suffix(".part")
    log.info("demo.drawing")
    child = subprocess.Popen(
        # `child` ties the drawing to this process and lets one draw at a time
        [
            *(sys.executable, "-m", "verifier.cli.child", str(os.getpid()), str(folder.with_suffix(".lock"))),
            *(sys.executable, "-m", "fixtures", "demo", "--out", str(part), "--fonts-dir", str(fonts)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        while child.poll() is None:
            if stop.wait(0.2):
                return False
    finally:
        if child.poll() is None:
            child.kill()
        _, said = child.communicate()
    if child.returncode != 0:
        log.error("demo.not_drawn", why=said.decode(errors="replace").strip().splitlines()[-1:])
        return False
    part.rename(folder)
    return True
