"""The services the application was built with, as a dependency."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from verifier.services.context import Services


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]
