"""A client that is opened on first use and closed once, against a server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from gateway.edge.http_client import HttpClient
from tests.support.servers import served
from tests.support.sessions import open_sessions

pytestmark = pytest.mark.integration


class Server:
    """Answers ``/``; who asks for ``/slow`` or ``/half`` is kept waiting until ``go``, by ``/half`` within the body."""

    def __init__(self) -> None:
        self.url = ""
        self.requests = 0
        self.asked = asyncio.Event()
        self.go = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        answer = web.StreamResponse()
        if request.path == "/half":
            await answer.prepare(request)
            await answer.write(b"half")
        if request.path != "/":
            self.asked.set()
            await self.go.wait()
        return answer if answer.prepared else web.Response(text="well")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made, app = Server(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with served(app, ending_s=1) as url:
        made.url = url
        yield made
        made.go.set()


async def ask(client: HttpClient, url: str, method: str = "GET") -> str:
    async with client.session().request(method, url) as answer:
        return await answer.text()


async def test_one_session_for_all_requests_and_none_before_the_first(server: Server) -> None:
    before = open_sessions()
    client = HttpClient(aiohttp.ClientSession)
    assert open_sessions() == before
    assert [await ask(client, server.url) for _ in range(3)] == ["well"] * 3
    assert len(open_sessions() - before) == 1
    await client.aclose()
    assert open_sessions() == before


@pytest.mark.parametrize("used", [True, False], ids=["used", "never-used"])
async def test_closed_it_opens_nothing(server: Server, *, used: bool) -> None:
    before = open_sessions()
    client = HttpClient(aiohttp.ClientSession)
    if used:
        await ask(client, server.url)
    await client.aclose()
    await client.aclose()
    for _ in range(2):
        with pytest.raises(aiohttp.ClientConnectionError, match="closed"):
            await ask(client, server.url)
    assert open_sessions() == before
    assert server.requests == used


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/slow", "/half"])
@pytest.mark.parametrize("again", [True, False], ids=["connection-used-before", "new-connection"])
async def test_a_request_under_way_fails_and_nothing_is_left(
    server: Server, method: str, path: str, *, again: bool
) -> None:
    """aiohttp asks a second time where a connection that was used before is lost; here it cannot."""
    before = open_sessions()
    client = HttpClient(aiohttp.ClientSession)
    if again:
        await ask(client, server.url)
    asking = asyncio.create_task(ask(client, server.url + path, method))
    await server.asked.wait()
    await client.aclose()
    with pytest.raises(aiohttp.ClientError):
        await asking
    assert open_sessions() == before
    assert server.requests == 1 + again


@pytest.mark.parametrize("steps", range(12))
async def test_at_whatever_moment_it_is_closed(server: Server, steps: int) -> None:
    """While a connection is being made, too."""
    before = open_sessions()
    client = HttpClient(aiohttp.ClientSession)
    asking = asyncio.create_task(ask(client, server.url + "/slow"))
    for _ in range(steps):
        await asyncio.sleep(0)
    await client.aclose()
    with pytest.raises(aiohttp.ClientError):
        await asking
    assert open_sessions() == before
