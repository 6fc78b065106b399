"""Who may call what: asked of the running application, route by route, and held against the table in docs/security.md.

``WRITE_ROUTES=1 python -m pytest tests/integration/web/test_routes_table.py`` writes the table anew.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.domain.ids import new_ulid
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.web.auth import ADMIN, CSRF_HEADER, ROLE_SCOPES, SCOPES, UNIT, csrf_token, sha256
from gateway.web.routing import Route
from tests.support.web_house import PASSWORD_HASH, WebHouse, web_house

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
PAGES = {
    ROOT / "docs" / "security.md": ("nobody", "token", "person", "one-time password", "kind"),
    ROOT / "docs" / "security.zh-CN.md": ("未登录", "令牌", "人员", "一次性密码", "渠道"),
}
"""Each edition with its words for the heads."""
KINDS = sorted(path.parent.name for path in (ROOT / "channels").glob("*/__init__.py"))
NOBODY, ONE_TIME = "nobody", "person with a one-time password"
TOKENS = {f"token {scope}": scope for scope in SCOPES}
PEOPLE = {f"person {role}": role for role in ROLE_SCOPES}
CALLERS = (NOBODY, *TOKENS, *PEOPLE, ONE_TIME)
VERBS = {"verb": ("confirm", "reveal")}
MARKS = ("<!-- {} made by tests/integration/web/test_routes_table.py -->", "<!-- end of {} -->")


async def test_every_route_lets_in_whom_the_table_says(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        here, house = await _running(tmp_path, stack)
        rows = [await _row(house, example, route) for route, example in _routes(house)]
        hooks = [await _hook(house, name) for name in here]
    for path, (nobody, token, person, one_time, kind) in PAGES.items():
        told = [
            nobody,
            *(f"{token} `{one}`" for one in SCOPES),
            *(f"{person} `{one}`" for one in ROLE_SCOPES),
            one_time,
        ]
        head = f"| | {' | '.join(told)} |"
        _hold(path, "routes", [head, f"|---|{':-:|' * len(CALLERS)}", *rows])
        hooks_head = f"| {kind} | POST `/hooks/{{channel_id}}` | POST `/chat/{{channel_id}}/session` |"
        _hold(path, "hooks", [hooks_head, "|---|:-:|:-:|", *hooks])


async def _running(tmp_path: Path, stack: AsyncExitStack) -> tuple[list[str], WebHouse]:
    """The application with an instance of every kind of channel, in every variant that has a provider to test with."""
    here = ChannelsHere()
    names = []
    for kind in KINDS:
        for variant, made in importlib.import_module(f"tests.channels.{kind}.harness").HARNESSES.items():
            name = f"{kind}-{variant}".rstrip("-").replace(" ", "-")
            (tmp_path / name).mkdir()
            harness = made(tmp_path / name)
            await harness.open()
            stack.push_async_callback(harness.close)
            await harness.start()
            here.put(name, harness.channel, harness.abilities)
            names.append(name)
    files = AttachmentFiles(tmp_path / "attachments")
    house = await stack.enter_async_context(web_house(tmp_path, channels=here, widget_channel="webchat", files=files))
    for scope in SCOPES:
        await house.database.tokens.add(name=scope, scopes=[scope], token_sha256=sha256(f"token-of-{_name(scope)}"))
    for person, role in {**PEOPLE, ONE_TIME: "admin"}.items():
        await house.database.users.add(
            username=person,
            name=person,
            role=role,
            unit="M02" if role == UNIT else None,
            password_hash=PASSWORD_HASH,
            one_time=person == ONE_TIME,
        )
    return names, house


def _routes(house: WebHouse) -> Iterator[tuple[Route, str]]:
    """Every route that the application serves, with its address as it is shown; channels have a table of their own."""
    for served in house.serving.runner.app.router.routes():
        route: Route = served.handler.__dict__["route"]
        if served.method == "HEAD" or route.path.startswith(("/hooks/", "/chat/")):
            continue
        path = re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route.path)
        name = next((name for name in VERBS if f"{{{name}}}" in path), "")
        for value in VERBS.get(name, ("",)):
            yield route, path.replace(f"{{{name}}}", value) if name else path


async def _row(house: WebHouse, path: str, route: Route) -> str:
    method = "GET" if route.method == "*" else route.method
    cells = []
    for caller in CALLERS:
        status = await _ask(house, method, await _filled(house, path), caller)
        assert status < 500, (method, path, caller, status)
        assert status != 429, (method, path, caller, "the limits of this test are too narrow")
        assert status != 401 or caller == NOBODY, (method, path, caller, "not even known")
        assert _declared(route, caller, refused=status in {401, 403}), (method, path, caller, status)
        cells.append(str(status) if status in {401, 403} else "✓")
    return f"| `{method} {path}` | {' | '.join(cells)} |"


def _declared(route: Route, caller: str, *, refused: bool) -> bool:
    """Whether the answer agrees with what the route says of itself; further rules may refuse more, never less."""
    if route.public:
        return not refused
    if route.own_auth:
        return True
    if caller == NOBODY:
        return refused
    if caller == ONE_TIME:
        return refused is not route.before_password_change
    scopes = ROLE_SCOPES[PEOPLE[caller]] if caller in PEOPLE else {TOKENS[caller]}
    may = route.scope is None or bool(scopes & {route.scope, route.also, ADMIN})
    return refused or may


async def _filled(house: WebHouse, path: str) -> str:
    """``path`` with a ticket of its own, whose recording is there; everything else names what is not."""
    if "{ticket}" in path:
        call = await house.finished_call("龙华区路灯坏了", external_id=new_ulid(), seconds=0.2)
        path = path.replace("{ticket}", call.ticket_id).replace("{interaction}", call.interaction_id)
    known = {"format": "json", "event_seq": "1", "name": "app.js", "tail": "widget.js"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found.group(1), "nothing"), path)


async def _ask(house: WebHouse, method: str, path: str, caller: str) -> int:
    headers: dict[str, str] = {}
    if caller in TOKENS:
        headers = house.bearer(_name(TOKENS[caller]))
    elif caller != NOBODY:
        cookie, now = new_ulid(), house.clock.now()
        await house.database.sessions.add(sha256(cookie), caller, now + timedelta(hours=1), now)
        headers = {"Cookie": f"gateway={cookie}", CSRF_HEADER: csrf_token(cookie)}
    form = path.startswith("/open311/")
    body: dict[str, Any] = {} if method == "GET" else {"data": {"service_code": "none"}} if form else {"json": {}}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.request(method, house.url + path, headers=headers, allow_redirects=False, **body) as answer,
    ):
        return answer.status


async def _hook(house: WebHouse, name: str) -> str:
    """What somebody without the channel's secret is told at either entrance."""
    told = [(await house.ask("POST", path, None, json={}))[0] for path in (f"/hooks/{name}", f"/chat/{name}/session")]
    return f"| {name} | {told[0]} | {told[1]} |"


def _name(scope: str) -> str:
    """A scope as a token may be called: RFC 6750 2.1 knows no colon."""
    return scope.replace(":", "-")


def _hold(path: Path, what: str, lines: list[str]) -> None:
    """Compare what stands in the page between the marks of ``what`` with ``lines``, or write it there."""
    begin, end = (mark.format(what) for mark in MARKS)
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    stands, found, after = rest.partition(end)
    assert found, f"{path.name} has no place for the table: {begin} … {end}"
    table = "\n" + "\n".join(lines) + "\n"
    if os.environ.get("WRITE_ROUTES"):
        path.write_text(f"{before}{begin}{table}{end}{after}", encoding="utf-8")
    else:
        assert stands == table, f"{path.name} is stale; write it anew: WRITE_ROUTES=1 (see {Path(__file__).name})"
