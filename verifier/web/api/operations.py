"""For the machine room: probes, statistics, Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from schemas.base import Model
from verifier.services import stats as statistics
from verifier.services.access import Action
from verifier.web import metrics, probes
from verifier.web.auth import Allowed, Person, anybody
from verifier.web.openapi import refusals
from verifier.web.services import ServicesDep

router = APIRouter(tags=["operations"])


class Readiness(Model):
    """`parts` name what was asked: `ok` or the code of its error."""

    ready: bool
    parts: dict[str, str]


@router.get(
    "/livez", summary="进程存活", response_class=PlainTextResponse, dependencies=[anybody("probes have no login")]
)
def livez() -> str:
    """This process answers."""
    return "ok"


@router.get(
    "/readyz",
    summary="能否受理",
    responses={503: {"model": Readiness, "description": "A part is away."}},
    dependencies=[anybody("probes have no login")],
)
def readyz(request: Request, response: Response) -> Readiness:
    """Whether a case can be submitted and will be read: database, files, queue."""
    states = probes.run(request.app.state.probes)
    ready = all(state == probes.OK for state in states.values())
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, parts=states)


@router.get(
    "/metrics",
    summary="Prometheus 指标",
    response_class=PlainTextResponse,
    openapi_extra=refusals("database.unavailable", "internal.unexpected"),
    dependencies=[anybody("counts only; a proxy keeps it to the monitoring")],
)
def prometheus(services: ServicesDep) -> Response:
    """Prometheus text, computed from SQL at the scrape: no personal data, bounded labels."""
    return Response(metrics.exposition(services), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/stats", summary="队列与吞吐")
def stats(services: ServicesDep, _who: Annotated[Person, Depends(Allowed(Action.STATS))]) -> statistics.Stats:
    """Queues, attempts, latencies, throughput and workers, from SQL."""
    return statistics.stats(services)
