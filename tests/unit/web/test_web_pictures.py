"""Pictures of pages over HTTP: what comes with them, and who gets them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from schemas.case import Role
from tests.support import people
from tests.support.cases import NO, draft, read_all, submitted
from tests.support.factories import EXAM, ID_CARD, PERMIT, form
from tests.support.files import as_file, noise
from tests.support.web import BASE, Api, open_client
from verifier.sandbox import Bounds, sandbox_of
from verifier.services import submit, tokens
from verifier.services.context import Services

API_PAGE = f"{BASE}/{NO}/documents/{EXAM}/pages/1.jpg"
PAGE = f"/cases/{NO}/documents/{EXAM}/pages/1.jpg"


@pytest.fixture
def shown(services: Services) -> Services:
    """A case that was read; the exam form is a PNG with a comment and EXIF that turns it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upload = as_file(noise(1000, 700), "JPEG", exif=exif.tobytes(), comment=b"<script>alert(1)</script>")
    draft(services)
    for slot in (ID_CARD, PERMIT, EXAM):
        submit.put_document(services, NO, slot, [upload], "importer")
    submit.submit(services, NO, "importer")
    read_all(services)
    return replace(services, reader=sandbox_of(Bounds(memory_mb=600, deadline_s=15, children=2)))


@pytest.fixture
def viewer(shown: Services) -> Api:
    return Api(
        open_client(shown),
        {role: tokens.create(shown, role.value, role, "test") for role in (Role.REVIEWER, Role.INTEGRATION)},
    )


def test_a_page_comes_drawn_anew_and_locked_down(viewer: Api) -> None:
    answer = viewer.get(API_PAGE, by=Role.REVIEWER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.headers["content-disposition"].startswith("inline")
    assert b"script" not in answer.content and b"Exif" not in answer.content
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[:2] == (1000, 700), "upright as a person sees it"


@pytest.mark.parametrize(("size", "longest"), [("thumb", 240), ("screen", 1000), ("full", 1000)])
def test_sizes(viewer: Api, size: str, longest: int) -> None:
    answer = viewer.get(f"{API_PAGE}?size={size}", by=Role.REVIEWER)
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert max(image.shape) == longest


def test_a_crop(viewer: Api) -> None:
    answer = viewer.get(f"{API_PAGE}?box=100,200,300,300", by=Role.REVIEWER)
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[:2] == (161, 261)


def test_an_unchanged_picture_is_not_sent_again(viewer: Api) -> None:
    tag = viewer.get(API_PAGE, by=Role.REVIEWER).headers["etag"]
    answer = viewer.get(API_PAGE, by=Role.REVIEWER, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("query", ["size=huge", "box=1,2,3", "box=a,b,c,d", "box=0,0,99999,5", "box=nan,0,10,10"])
def test_a_wrong_question(viewer: Api, query: str) -> None:
    assert viewer.get(f"{API_PAGE}?{query}", by=Role.REVIEWER).status_code == 422


@pytest.mark.parametrize("page", ["0", "2", "9999", "x", "-1"])
def test_no_such_page(viewer: Api, page: str) -> None:
    answer = viewer.get(f"{BASE}/{NO}/documents/{EXAM}/pages/{page}.jpg", by=Role.REVIEWER)
    assert answer.status_code in (404, 422)


def test_a_program_that_hands_in_sees_none(viewer: Api) -> None:
    assert viewer.get(API_PAGE, by=Role.INTEGRATION).status_code == 403


def test_nobody_of_staff_sees_a_page_before_it_was_read(services: Services) -> None:
    submitted(services)
    client = open_client(services)
    token = tokens.create(services, "reviewer", Role.REVIEWER, "test")
    answer = client.get(API_PAGE, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "page.not_read")


def signed_in(client: TestClient, services: Services, name: str, role: Role, phone: str | None = None) -> None:
    people.account(services, name, role, phone=phone)
    people.visit(client, people.session_of(services, name))


def test_a_browser_shows_it_in_a_page_of_ours(shown: Services) -> None:
    client = open_client(shown)
    signed_in(client, shown, "reviewer-9", Role.REVIEWER)
    answer = client.get(f"{PAGE}?size=thumb")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


def test_an_applicant_sees_their_own_and_no_other(shown: Services) -> None:
    client = open_client(shown)
    signed_in(client, shown, "applicant-1", Role.APPLICANT, "13800138000")
    own = people.row_of(shown, "applicant-1").id
    submit.create_application(shown, form(application_no="HD2026A000888"), "applicant-1", own)
    submit.put_document(shown, "HD2026A000888", EXAM, [as_file(noise(1000, 700), "JPEG")], "applicant-1")
    assert client.get(PAGE.replace(NO, "HD2026A000888")).status_code == 200
    assert client.get(PAGE).status_code == 404


def test_a_case_s_page_leads_to_its_pictures(shown: Services) -> None:
    client = open_client(shown)
    signed_in(client, shown, "reviewer-9", Role.REVIEWER)
    text = client.get(f"/cases/{NO}").text
    assert f'href="{PAGE}?size=full"' in text
    assert "已按规定屏蔽" not in text


def test_a_case_s_page_does_not_lead_to_what_may_not_be_seen(services: Services) -> None:
    submitted(services)
    client = open_client(services)
    signed_in(client, services, "reviewer-9", Role.REVIEWER)
    assert "/pages/" not in client.get(f"/cases/{NO}").text
