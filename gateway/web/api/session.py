"""``/api/v1/session``: log-in at the desk, the page's token, a new password, log-out."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from gateway.domain.ids import from_rfc3339
from gateway.web.api.models import LoginBody, PasswordBody
from gateway.web.auth import Principal, csrf_token, sha256
from gateway.web.passwords import MAX_LENGTH, MIN_LENGTH, weakness
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

FAILURES_BEFORE_LOCK = 5
LOCK_S = 60
LONGEST_LOCK_S = 900
_WEAK = {
    "password_too_short": f"A password has at least {MIN_LENGTH} characters.",
    "password_too_long": f"A password has at most {MAX_LENGTH} characters.",
    "password_too_simple": "Choose a password with more different characters and without your user name.",
}


async def log_in(context: Context) -> web.Response:
    """Start a session. Whatever is wrong (name, password, a lock), the answer and its time are the same."""
    house, request = context.house, context.request
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Problem(403, "cross_site", "Log in from the desk's own page.")
    body = await context.body(LoginBody)
    house.auth.check_failures(request)
    user = await house.services.accounts.user(body.username)
    fits = await house.passwords.matches(body.password, user["password_hash"] if user else None)
    now = house.services.clock.now()
    locked = _instant(user["locked_until"]) if user else None
    if user is None or not fits or (locked is not None and locked > now):
        if user is not None and (locked is None or locked <= now):
            await house.services.accounts.login_result(
                user["username"], ok=False, locked_until=_lock(user["failed"] + 1, now)
            )
        raise house.auth.failed(
            request,
            f"Name or password is wrong. After {FAILURES_BEFORE_LOCK} failures an account is locked for a while.",
        )
    await house.services.accounts.login_result(user["username"], ok=True, locked_until=None)
    return await _begin(context, user)


def _lock(failures: int, now: datetime) -> datetime | None:
    """Until when the account is locked after so many failures in a row: 1, 2, 4, … at most 15 minutes."""
    beyond = failures - FAILURES_BEFORE_LOCK
    if beyond < 0:
        return None
    return now + timedelta(seconds=min(LONGEST_LOCK_S, LOCK_S * 2 ** min(beyond, 10)))


def _instant(value: Any) -> datetime | None:
    return from_rfc3339(value) if isinstance(value, str) else value


async def _begin(context: Context, user: dict[str, Any]) -> web.Response:
    house = context.house
    token = secrets.token_urlsafe(32)
    ttl_s = house.services.session_ttl_s
    expires = house.services.clock.now() + timedelta(seconds=ttl_s)
    await house.services.accounts.add_session(sha256(token), user["username"], expires)
    principal = Principal(
        actor=f"user:{user['username']}",
        name=user["name"],
        scopes=frozenset(),
        username=user["username"],
        role=user["role"],
        must_change_password=bool(user["one_time"]),
    )
    response = json_response(_session(context, principal, token))
    response.set_cookie(
        house.auth.cookie_name(context.request),
        token,
        max_age=ttl_s,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=house.proxies.secure(context.request),
    )
    return response


def _session(context: Context, principal: Principal, token: str) -> dict[str, Any]:
    return {
        "username": principal.username,
        "name": principal.name,
        "role": principal.role,
        "must_change_password": principal.must_change_password,
        "csrf_token": csrf_token(token),
        "timezone": str(context.services.zone),
    }


async def who(context: Context) -> web.Response:
    """Who is logged in, and the token that the page sends with every change."""
    cookie = context.request.cookies.get(context.house.auth.cookie_name(context.request))
    if cookie is None or context.principal.username is None:
        raise Problem(404, "no_session", "This is for desk sessions; a token needs none.")
    return json_response(_session(context, context.principal, cookie))


async def change_password(context: Context) -> web.Response:
    """Set a new password; the session goes on under a new cookie."""
    house, principal = context.house, context.principal
    cookie = context.request.cookies.get(house.auth.cookie_name(context.request))
    user = await house.services.accounts.user(principal.username) if principal.username else None
    if user is None or cookie is None:
        raise Problem(403, "no_session", "Only a logged-in person has a password.")
    body = await context.body(PasswordBody)
    house.auth.check_failures(context.request)
    if not await house.passwords.matches(body.current, user["password_hash"]):
        house.auth.failed(context.request, "")
        raise Problem(403, "wrong_password", "The current password is wrong.")
    weak = weakness(body.new, user["username"])
    if weak is not None:
        raise Problem(422, weak, _WEAK[weak])
    if body.new == body.current:
        raise Problem(422, "password_unchanged", "Choose another password than the current one.")
    await house.services.accounts.add_user(
        username=user["username"],
        name=user["name"],
        role=user["role"],
        password_hash=await house.passwords.hash(body.new),
        one_time=False,
    )
    await house.services.accounts.end_session(sha256(cookie))
    await house.audit(principal, "password.changed", None)
    return await _begin(context, {**user, "one_time": False})


async def log_out(context: Context) -> web.Response:
    """End the session."""
    name = context.house.auth.cookie_name(context.request)
    cookie = context.request.cookies.get(name)
    if cookie is not None:
        await context.house.services.accounts.end_session(sha256(cookie))
    response = web.Response(status=204)
    response.del_cookie(name, path="/", httponly=True, samesite="Strict", secure=name.startswith("__Host-"))
    return response


_PATH = "/api/v1/session"
ROUTES = (
    Route(
        method="POST",
        path=_PATH,
        handler=log_in,
        summary="Log in at the desk; sets an HttpOnly cookie",
        own_auth=True,
        body=LoginBody,
        returns="Session",
        errors=(400, 401, 403, 413, 415, 422, 429, 503),
        tag="session",
    ),
    Route(
        method="GET",
        path=_PATH,
        handler=who,
        summary="Who is logged in; csrf_token goes into X-CSRF-Token of every change",
        before_password_change=True,
        returns="Session",
        errors=(401, 404, 429, 503),
        tag="session",
    ),
    Route(
        method="DELETE",
        path=_PATH,
        handler=log_out,
        summary="Log out",
        before_password_change=True,
        status=204,
        errors=(401, 403, 429, 503),
        tag="session",
    ),
    Route(
        method="POST",
        path=f"{_PATH}/password",
        handler=change_password,
        summary="Change one's password",
        before_password_change=True,
        body=PasswordBody,
        returns="Session",
        errors=(400, 401, 403, 413, 415, 422, 429, 503),
        tag="session",
    ),
)
