"""The cookies of a visit, and how a form proves that we showed it to this browser.

Behind TLS their names begin with `__Host-`: browsers then take them from this host alone, whole and Secure (RFC 6265bis).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request, Response

from verifier.errors import AuthError
from verifier.web.services import services_of

SESSION = "verifier_session"
FORM = "verifier_form"
"""Binds a form to the browser it was shown in, before there is a session."""

FIELD = "form_token"
HEADER = "X-CSRF-Token"

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def name_of(request: Request, name: str) -> str:
    """A cookie's name as this installation writes it."""
    return f"__Host-{name}" if is_secure(request) else name


def is_secure(request: Request) -> bool:
    """Whether people reach us by TLS: the public address says so, or the request came that way."""
    return services_of(request).settings.behind_tls or request.url.scheme == "https"


def secret_of(request: Request, name: str = SESSION) -> str:
    """A cookie's value, empty when there is none."""
    return request.cookies.get(name_of(request, name), "")


def put(request: Request, response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        name_of(request, name),
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )


def drop(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(name_of(request, name), path="/", httponly=True, samesite="lax", secure=is_secure(request))


def form_token(secret: str) -> str:
    """What a form of this cookie's owner carries; the cookie cannot be told from it."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def new_form_secret(request: Request) -> str:
    """The secret behind a form that is shown before anybody signed in."""
    return secret_of(request, FORM) or secrets.token_urlsafe(32)


def require_own_form(request: Request, secret: str, token: str) -> None:
    """Raises AuthError request.form_expired unless the form was shown by us to this browser and sent from our pages."""
    require_own_origin(request)
    if not secret or not hmac.compare_digest(form_token(secret).encode(), token.encode()):
        raise AuthError("request.form_expired")


def require_own_origin(request: Request, *, proven: bool = False) -> None:
    """Raises AuthError request.form_expired for what a browser says another site's page sent.

    `proven` asks that the browser says so: where nothing else proves it, silence does not.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise AuthError("request.form_expired")
    if site is None and origin is not None and not _is_ours(request, origin):
        raise AuthError("request.form_expired")
    if proven and site != "same-origin" and (origin is None or not _is_ours(request, origin)):
        raise AuthError("request.form_expired")


def _is_ours(request: Request, origin: str) -> bool:
    """Our public address, or the one this request came to."""
    public = services_of(request).settings.public_url
    own = {f"{request.url.scheme}://{request.url.netloc}"}
    if public:
        parts = urlsplit(public)
        own.add(f"{parts.scheme}://{parts.netloc}")
    return origin in own
