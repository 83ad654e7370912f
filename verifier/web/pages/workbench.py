"""`/review/{application_no}`: the document at the left, the comparison at the right, a person's decisions below.

Every action is a form that works without scripts; static/review.js adds keys, and keeps the claim while the page is open.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import ValidationError

from schemas.case import CaseState, DecisionAction
from schemas.document import TITLES_ZH, DocumentType
from schemas.privacy import UnmaskReason
from schemas.review import ITEM_TEXT_MAX, FindingAction, NoticeItem
from verifier.errors import InputError, StateError, VerifierError
from verifier.rules.titles import FIELD_TITLES_ZH
from verifier.rules.workdays import workdays_left
from verifier.services import access, deadlines, findings, notices, queries, review, worklist
from verifier.services.access import Action
from verifier.services.context import Services
from verifier.services.findings import ReviewView
from verifier.services.queries import CaseView
from verifier.web.api.applications import ApplicationNo
from verifier.web.auth import Allowed, Person
from verifier.web.pages import words
from verifier.web.pages.comparing import Comparison
from verifier.web.pages.desk import QUERY_MAX, due_label, to_next, wanted_of
from verifier.web.pages.masking import SentenceMask, mask_value
from verifier.web.pages.rendering import render
from verifier.web.services import ServicesDep

router = APIRouter(prefix="/review/{application_no}", include_in_schema=False)

WHY_DISMISSED = ("印章或水印遮挡,人工读取一致", "机器读错,原件清楚一致", "写法不同,含义相同", "其他材料可以佐证")
"""The reasons offered for dismissing; keys 1 to 4."""

WHY_UNMASKED = {
    UnmaskReason.COMPARE: "核对差异",
    UnmaskReason.CONTACT: "联系申请人",
    UnmaskReason.SYSTEMS: "在其他系统中查询",
    UnmaskReason.APPEAL: "处理投诉、复议或诉讼",
    UnmaskReason.CORRECTION: "申请人要求更正",
}

Reviewer = Annotated[Person, Depends(Allowed(Action.DECIDE))]
Claimer = Annotated[Person, Depends(Allowed(Action.CLAIM))]
Back = Annotated[str, Form(max_length=QUERY_MAX)]
Seen = Annotated[str, Form(max_length=80)]


@router.get("")
def workbench(
    application_no: ApplicationNo,
    request: Request,
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.INSPECT))],
    at: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """One case to decide. Opening it is an event."""
    return _show(services, visitor, application_no, request.url.query, at=at)


@router.post("/unmask")
def unmask(
    application_no: ApplicationNo,
    services: ServicesDep,
    visitor: Annotated[Person, Depends(Allowed(Action.UNMASK))],
    why: Annotated[UnmaskReason, Form()] = UnmaskReason.COMPARE,
    query: Back = "",
) -> Response:
    """The same page with whole numbers, for a reason that is recorded; the next page is masked again."""
    return _show(services, visitor, application_no, query, unmask=why)


@router.post("/claim")
def claim(application_no: ApplicationNo, services: ServicesDep, visitor: Claimer, query: Back = "") -> Response:
    """Take this case."""
    try:
        review.claim(services, application_no, visitor.name)
    except StateError as error:
        return _show(services, visitor, application_no, query, error=error)
    return _to_case(application_no, query)


@router.post("/hold")
def hold(application_no: ApplicationNo, services: ServicesDep, visitor: Claimer, query: Back = "") -> Response:
    """Keep the case while its page is open, and claim the next one ahead, so that the browser can fetch it. What stops
    saying so comes back to the queue within minutes."""
    wanted = wanted_of(query, visitor.name)
    ahead = worklist.claim_ahead(services, application_no, visitor.name, wanted.filter)
    review.claim(services, application_no, visitor.name, minutes=worklist.HOLD_MINUTES)
    if ahead is None:
        return JSONResponse({"next": None, "pages": []})
    view = queries.case_view(services, ahead.application_no)
    sheets = Comparison(view, findings.review_view(services, ahead.application_no)).sheets()
    return JSONResponse(
        {
            "next": f"/review/{ahead.application_no}{_tail(query)}",
            "pages": [sheet.href for sheet in sheets if not sheet.trouble],
        }
    )


@router.post("/leave")
def leave(application_no: ApplicationNo, services: ServicesDep, visitor: Claimer, query: Back = "") -> Response:
    """Back to the queue undecided."""
    _release(services, application_no, visitor)
    return RedirectResponse(f"/review{_tail(query)}", status_code=303)


@router.post("/skip")
def skip(application_no: ApplicationNo, services: ServicesDep, visitor: Claimer, query: Back = "") -> Response:
    """Leave it to somebody else, and on to the next one behind it."""
    _release(services, application_no, visitor)
    return to_next(services, visitor, query, after=application_no)


@router.post("/findings/{position}")
def decide_finding(
    application_no: ApplicationNo,
    position: int,
    services: ServicesDep,
    visitor: Reviewer,
    action: Annotated[FindingAction, Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
    value: Annotated[str, Form(max_length=400)] = "",
    seen: Seen = "",
    query: Back = "",
) -> Response:
    """Confirm, dismiss or correct one finding; then on to the next undecided one."""
    try:
        made = findings.decide_finding(
            services, application_no, position, action, visitor.name, reason=reason, value=value, seen=seen or None
        )
    except (InputError, StateError) as error:
        if error.code == "case.not_found":
            raise
        return _show(services, visitor, application_no, query, at=position, error=error)
    return _to_case(application_no, query, _next_undecided(made, position))


@router.post("/decide")
def decide(
    application_no: ApplicationNo,
    services: ServicesDep,
    visitor: Reviewer,
    action: Annotated[DecisionAction, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    seen: Seen = "",
    query: Back = "",
) -> Response:
    """Accept, refuse, recognise, deny or reopen; then the next case. Returning has a page of its own."""
    try:
        access.require(visitor, access.action_of(action))
        if action is DecisionAction.REOPEN:
            review.reopen(services, application_no, visitor.name, reason)
            return _to_case(application_no, query)
        _decide(services, visitor, application_no, action, reason, note, seen)
    except (InputError, StateError) as error:
        if error.code == "case.not_found":
            raise
        return _show(services, visitor, application_no, query, error=error)
    return to_next(services, visitor, query)


def _decide(
    services: Services, visitor: Person, number: str, action: DecisionAction, reason: str, note: str, seen: str
) -> None:
    grounds = [reason] if reason.strip() else []
    if action in review.REFUSALS and grounds:
        made = findings.review_view(services, number).findings
        grounds = [*dict.fromkeys(item.finding.rule for item in made if item.stands), *grounds]
    review.decide(services, number, action, visitor.name, grounds, note, seen=seen or None, whole=True)


@router.get("/notice")
def notice(application_no: ApplicationNo, request: Request, services: ServicesDep, visitor: Reviewer) -> Response:
    """The draft of the correction notice, from what was confirmed."""
    view = queries.case_view(services, application_no)
    made = findings.review_view(services, application_no)
    return _notice(services, visitor, view, made, notices.draft(made), request.url.query)


@router.post("/notice")
async def send_notice(
    application_no: ApplicationNo, request: Request, services: ServicesDep, visitor: Reviewer
) -> Response:
    """`step=preview` shows the edited draft as the applicant will see it, `step=send` returns the case with it."""
    form = await request.form()
    given = {name: str(value) for name, value in form.items()}
    view = queries.case_view(services, application_no)
    made = findings.review_view(services, application_no)
    query = given.get("query", "")[:QUERY_MAX]
    try:
        items = _items(given)
        if given.get("step") != "send":
            return _notice(services, visitor, view, made, items, query, preview=True)
        review.decide(
            services,
            application_no,
            DecisionAction.RETURN,
            visitor.name,
            list(dict.fromkeys(item.rule or item.text for item in items)) or [""],
            given.get("note", ""),
            seen=given.get("seen") or None,
            notice=notices.notice_of(services, view, items) if items else None,
        )
    except (InputError, StateError) as error:
        return _notice(services, visitor, view, made, notices.draft(made), query, error=error)
    return to_next(services, visitor, query)


def _items(given: dict[str, str]) -> tuple[NoticeItem, ...]:
    """The items of the form that are ticked and say something. Raises InputError request.invalid."""
    items = []
    for place in range(min(int(given.get("count") or 0) if (given.get("count") or "0").isdecimal() else 0, 60) + 1):
        text = given.get(f"text{place}", "").strip()
        if not text or f"keep{place}" not in given:
            continue
        try:
            items.append(
                NoticeItem(
                    rule=given.get(f"rule{place}", "")[:80],
                    slot=DocumentType(given.get(f"slot{place}", "")),
                    field=given.get(f"field{place}", "file")[:60],
                    text=text,
                )
            )
        except (ValidationError, ValueError):
            raise InputError(
                "request.invalid", where="补正通知", why=f"每项须对应一种材料,不超过 {ITEM_TEXT_MAX} 字"
            ) from None
    return tuple(items)


def _notice(
    services: Services,
    visitor: Person,
    view: CaseView,
    made: ReviewView,
    items: tuple[NoticeItem, ...],
    query: str,
    *,
    preview: bool = False,
    error: VerifierError | None = None,
) -> Response:
    return render(
        "notice.html",
        status=error.spec.status if error else 200,
        visitor=visitor,
        view=view,
        applicant=mask_value("name", view.form.applicant.name),
        items=items,
        titles=TITLES_ZH,
        fields=FIELD_TITLES_ZH,
        slots=[document.slot for document in view.documents],
        answer_by=notices.answer_by(services, view),
        seen=made.seen,
        query=query,
        tail=_tail(query),
        preview=preview,
        error=error,
    )


def _show(
    services: Services,
    visitor: Person,
    number: str,
    query: str,
    *,
    at: int | None = None,
    unmask: UnmaskReason | None = None,
    error: VerifierError | None = None,
) -> Response:
    view = review.open_case(services, number, visitor.name, unmask)
    made = findings.review_view(services, number)
    parts = Comparison(view, made, plain=unmask is not None)
    holds = view.claim is not None and view.claim.holder == visitor.name
    may_decide = access.reach_of(visitor, Action.DECIDE) is not None
    items = parts.items()
    due = queries.due_on(services, number)
    today = deadlines.today(services.clock())
    proposal = view.decisions[-1] if view.state is CaseState.AWAITING_SECOND and view.decisions else None
    sentence = SentenceMask(view)
    return render(
        "workbench.html",
        status=error.spec.status if error else 200,
        visitor=visitor,
        view=view,
        seen=made.seen,
        applicant=view.form.applicant.name if unmask else mask_value("name", view.form.applicant.name),
        state=words.STATES[view.state],
        advice=words.OUTCOMES[view.result.outcome] if view.result else None,
        route=words.ROUTES[view.form.route],
        due=due_label(None if due is None else workdays_left(today, due)),
        items=items,
        rows=parts.rows(),
        sheets=parts.sheets(),
        at=at if at is not None else next((item.position for item in items if item.must_be_decided), None),
        undecided=sum(item.must_be_decided for item in items),
        confirmed=sum(item.stands for item in made.findings),
        holds=holds,
        acts=holds and may_decide,
        claims=not holds
        and view.claim is None
        and access.reach_of(visitor, Action.CLAIM) is not None
        and view.state in (*worklist.QUEUES,),
        confirms=access.reach_of(visitor, Action.CONFIRM) is not None,
        reopens=access.reach_of(visitor, Action.REOPEN) is not None and view.state in review.REOPENED_FROM,
        proposal=None
        if proposal is None
        else {
            "action": words.ACTIONS[proposal.action],
            "actor": proposal.actor,
            "reasons": [sentence(reason) for reason in proposal.reasons],
            "note": sentence(proposal.note),
        },
        second=view.state is CaseState.AWAITING_SECOND,
        recognising=view.state is CaseState.ACCEPTED or (proposal is not None and proposal.action in review.BY_ANOTHER),
        reasons=WHY_DISMISSED,
        unmaskings=WHY_UNMASKED,
        unmasked=unmask is not None,
        unmasks=access.reach_of(visitor, Action.UNMASK) is not None,
        query=_kept(query),
        tail=_tail(query),
        error=error,
    )


def _next_undecided(made: ReviewView, position: int) -> int | None:
    left = sorted(
        (item for item in made.findings if item.must_be_decided),
        key=lambda item: (-item.finding.severity.rank, item.position),
    )
    return left[0].position if left else position


def _release(services: Services, number: str, visitor: Person) -> None:
    try:
        review.release(services, number, visitor.name)
    except StateError:
        # it had run out, or was given back in another window: the same for whoever leaves
        return


def _kept(query: str) -> str:
    """The filter of the queue somebody came from, without the page's own parts."""
    return "&".join(f"{name}={quote(value)}" for name, value in parse_qsl(query[:QUERY_MAX]) if name != "at")


def _tail(query: str) -> str:
    kept = _kept(query)
    return f"?{kept}" if kept else ""


def _to_case(number: str, query: str, at: int | None = None) -> Response:
    tail = _tail(query)
    if at is not None:
        tail = f"{tail}{'&' if tail else '?'}at={at}#finding-{at}"
    return RedirectResponse(f"/review/{number}{tail}", status_code=303)
