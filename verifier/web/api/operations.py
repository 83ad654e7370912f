"""For the machine room: probes, statistics, Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from verifier.services import stats as statistics
from verifier.services.tokens import Principal
from verifier.web import metrics, probes
from verifier.web.auth import Action, ServicesDep, allowed

router = APIRouter(tags=["operations"])


@router.get("/livez", response_class=PlainTextResponse)
def livez() -> str:
    """This process answers."""
    return "ok"


@router.get("/readyz", response_class=JSONResponse, responses={503: {"description": "a part is away"}})
def readyz(request: Request) -> JSONResponse:
    """Whether a case can be submitted and will be read: database, files, queue."""
    states = probes.run(request.app.state.probes)
    ready = all(state == "ok" for state in states.values())
    return JSONResponse({"ready": ready, "parts": states}, status_code=200 if ready else 503)


@router.get("/metrics")
def prometheus(services: ServicesDep) -> Response:
    """Prometheus text, computed from SQL at the scrape: no personal data, bounded labels."""
    return Response(metrics.exposition(services), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/stats")
def stats(services: ServicesDep, _who: Annotated[Principal, Depends(allowed(Action.STATS))]) -> statistics.Stats:
    """Queues, attempts, latencies, throughput and workers, from SQL."""
    return statistics.stats(services)
