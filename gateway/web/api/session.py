"""``/api/v1/session``: log-in at the desk, the page's token, a new password, log-out."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from aiohttp import web

from gateway.domain.guess import FILL_AT, SURE
from gateway.domain.status import WITHDRAWABLE, Status
from gateway.web.api.models import LoginBody, PasswordBody
from gateway.web.auth import Principal, csrf_token, sha256
from gateway.web.logins import BY_USER, DEVICE_DAYS, Client
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response
from gateway.web.weak_passwords import MAX_LENGTH, MIN_LENGTH, weakness

_DAY_S = 86_400
_WEAK = {
    "password_too_short": f"A password has at least {MIN_LENGTH} characters.",
    "password_too_long": f"A password has at most {MAX_LENGTH} characters.",
    "password_too_simple": "Choose a password with more different characters and without your name.",
    "password_too_common": "This password is among the first that are guessed: common words, dates and keyboard rows "
    "do not count. Put some words of your own together.",
}


async def log_in(context: Context) -> web.Response:
    """Start a session under a new id. Whichever of name and password is wrong, answer and work are the same."""
    house, request = context.house, context.request
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Problem(403, "cross_site", "Log in from the desk's own page.")
    body = await context.body(LoginBody)
    client = _client(context)
    known = await house.logins.knows(client, body.username)
    if not known:
        house.auth.check_failures(request)
    try:
        user = await house.logins.check(body.username, body.password, client, known=known)
    except Problem:
        if not known:
            house.auth.failed(request, "")
        raise
    if user is None:
        wrong = f"Name or password is wrong. After {BY_USER.limit} failures no more are taken from here for a while."
        raise house.auth.unauthorized(wrong) if known else house.auth.failed(request, wrong)
    if user["disabled"]:
        await house.login_trail.failed("disabled", subject=user["username"], **client.detail)
        raise Problem(403, "account_disabled", "This account is disabled; ask an administrator.")
    earlier = request.cookies.get(house.auth.cookie_name(request))
    if earlier is not None:
        await house.services.sessions.end(sha256(earlier))
    return await _welcome(context, user, client)


def _client(context: Context) -> Client:
    request, house = context.request, context.house
    device = request.cookies.get(house.auth.device_cookie(request))
    return Client(house.proxies.client(request), request.headers.get("User-Agent", ""), device)


async def _welcome(context: Context, user: dict[str, Any], client: Client) -> web.Response:
    """A session for ``user``, whose browser is known from now on."""
    logins, auth = context.house.logins, context.house.auth
    device = client.device if client.device and await logins.knows(client) else secrets.token_urlsafe(32)
    response = await _begin(context, user)
    await logins.welcome(user["username"], client, device)
    _set_cookie(context, response, auth.device_cookie(context.request), device, DEVICE_DAYS * _DAY_S)
    return response


async def _begin(context: Context, user: dict[str, Any]) -> web.Response:
    house = context.house
    token = secrets.token_urlsafe(32)
    now = house.services.clock.now()
    expires = now + timedelta(seconds=house.services.session_ttl_s)
    if not await house.services.sessions.add(
        sha256(token), user["username"], expires, now, password_hash=user["password_hash"]
    ):
        raise house.auth.unauthorized("The password was changed at this moment; log in again.")
    principal = Principal(
        actor=f"user:{user['username']}",
        name=user["name"],
        scopes=frozenset(),
        username=user["username"],
        role=user["role"],
        unit=user["unit"],
        must_change_password=bool(user["one_time"]),
    )
    response = json_response(_session(context, principal, token))
    _set_cookie(context, response, house.auth.cookie_name(context.request), token, house.services.session_ttl_s)
    return response


def _set_cookie(context: Context, response: web.Response, name: str, value: str, max_age_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=context.house.proxies.secure(context.request),
    )


def _session(context: Context, principal: Principal, token: str) -> dict[str, Any]:
    return {
        "username": principal.username,
        "name": principal.name,
        "role": principal.role,
        "unit": principal.unit,
        "unit_name": context.services.unit_names.get(principal.unit or ""),
        "must_change_password": principal.must_change_password,
        "csrf_token": csrf_token(token),
        "timezone": str(context.services.zone),
        "statuses": [status.value for status in Status],
        "withdrawable": [status.value for status in WITHDRAWABLE],
        "guesses": {"fill_at": FILL_AT, "sure": SURE},
    }


async def who(context: Context) -> web.Response:
    """The logged-in user, and the token that the page sends with every change."""
    cookie = context.request.cookies.get(context.house.auth.cookie_name(context.request))
    if cookie is None or context.principal.username is None:
        raise Problem(404, "no_session", "This is for desk sessions; a token needs none.")
    return json_response(_session(context, context.principal, cookie))


async def change_password(context: Context) -> web.Response:
    """Set a new password; the session goes on under a new cookie."""
    house, principal = context.house, context.principal
    cookie = context.request.cookies.get(house.auth.cookie_name(context.request))
    user = await house.services.users.get(principal.username) if principal.username else None
    if user is None or cookie is None:
        raise Problem(403, "no_session", "Only a logged-in person has a password.")
    body = await context.body(PasswordBody)
    client = _client(context)
    known = await house.logins.knows(client, user["username"])
    if await house.logins.check(user["username"], body.current, client, known=known) is None:
        raise Problem(403, "wrong_password", "The current password is wrong.")
    weak = weakness(body.new, user["username"], user["name"])
    if weak is not None:
        raise Problem(422, weak, _WEAK[weak])
    if body.new == body.current:
        raise Problem(422, "password_unchanged", "Choose another password than the current one.")
    async with house.passwords.turn(principal.actor, known=True) as turn:
        password_hash = await turn.hash(body.new)
    await house.services.users.add(
        username=user["username"],
        name=user["name"],
        role=user["role"],
        unit=user["unit"],
        password_hash=password_hash,
        one_time=False,
        by=principal.actor,
        action="password.changed",
    )
    return await _welcome(context, {**user, "one_time": False, "password_hash": password_hash}, client)


async def log_out(context: Context) -> web.Response:
    """End the session."""
    name = context.house.auth.cookie_name(context.request)
    cookie = context.request.cookies.get(name)
    if cookie is not None:
        await context.house.services.sessions.end(sha256(cookie))
        await context.house.audit(context.principal, "logout", None, detail=_client(context).detail)
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
