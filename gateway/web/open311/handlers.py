"""What every Open311 call shares: format, key, jurisdiction, and errors in the standard's form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gateway.errors import GatewayError
from gateway.telemetry import log
from gateway.web.auth import CONTACTS, READ, Principal
from gateway.web.open311.formats import JSON, XML, member, respond, respond_members
from gateway.web.open311.parameters import RequestForm, of_query
from gateway.web.problems import Problem, from_gateway_error, from_http
from gateway.web.reportable import Open311
from gateway.web.routing import Context, Route

OWN = "open311"
_TOKEN_MAX = 256
_SERVER_ERROR = 500
_UNAUTHORIZED = 401
_UNPROCESSABLE = 422
_log = log.get("open311")


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way."""

    context: Context
    city: Open311
    kind: str
    """xml or json."""
    form: RequestForm
    client: Principal | None
    """The authenticated sender of the api_key; None without one."""

    @property
    def reads_all(self) -> bool:
        """Whether tickets of every channel are shown to them."""
        return self.client is not None and self.client.may(READ)

    def check_reading(self) -> None:
        """403 when this city shows nothing without a key."""
        if self.client is None and self.city.public == "none":
            raise Problem(403, "api_key_missing", "Reading needs an api_key here.")

    def writer(self) -> Principal:
        """A client that may create and add; 403 without a key for that."""
        if self.client is None:
            raise Problem(403, "api_key_missing", "Missing api_key.")
        if not self.client.may(CONTACTS):
            raise Problem(403, "api_key_invalid", "This api_key may not send requests: it needs contacts:write.")
        return self.client

    def shows(self, record: dict[str, Any]) -> bool:
        """Whether this client may see the ticket at all."""
        if self.reads_all:
            return True
        if self.client is not None:
            return bool(record["channel"] == OWN)
        return not record["requester"]["secret"] and (self.city.public == "all" or record["channel"] == OWN)

    def channels(self) -> tuple[str, ...]:
        """The channels whose tickets this client's lists hold; none: all."""
        everything = self.reads_all or (self.client is None and self.city.public == "all")
        return () if everything else (OWN,)

    def answer(self, root: str, data: Any) -> web.Response:
        """200 with ``data``."""
        return respond(self.kind, root, data)

    async def listed(
        self, root: str, records: Sequence[dict[str, Any]], make: Callable[[dict[str, Any]], Any], kind: str = ""
    ) -> web.Response:
        """200 with what ``make`` makes of each record; beside the record it may depend on the client and ``kind``."""
        seen_by = f"{root} {self.kind} {self.client is not None} {self.reads_all} {kind}"
        members = await self.context.house.masked.views(
            records, seen_by, lambda record: member(self.kind, root, make(record))
        )
        return respond_members(self.kind, root, members)


Handler = Callable[[Call], Awaitable[web.Response]]


def serving(handler: Handler, read_form: Callable[[web.Request], Awaitable[RequestForm]] | None = None) -> Any:
    """``handler`` with its parameters read, its client known and its errors told as the standard tells them."""

    async def handle(context: Context) -> web.Response:
        kind = _kind(context.request)
        try:
            form = await read_form(context.request) if read_form is not None else of_query(context.request)
            return await handler(await _call(context, kind, form))
        except Problem as problem:
            return _failed(kind, problem)
        except GatewayError as error:
            told = from_gateway_error(error)
            if told.status >= _SERVER_ERROR:
                _log.error("open311_failed", code=told.code, exc_info=error)
            return _failed(kind, told)
        except web.HTTPException as error:
            return _failed(kind, from_http(error))

    return handle


def _kind(request: web.Request) -> str:
    """The format of the path's suffix; XML, which everybody must speak, where there is none."""
    named = request.match_info.get("format") or request.path.rpartition(".")[2]
    return JSON if named == JSON else XML


async def _call(context: Context, kind: str, form: RequestForm) -> Call:
    """The request with its client, when there is room for it and the jurisdiction is ours."""
    city = context.services.open311
    client = await _client(context, form)
    house = context.house
    house.requests.take(client.actor if client else f"open311:{house.proxies.counted(context.request)}")
    asked = form.text("jurisdiction_id")
    if asked and city.jurisdiction_id and asked != city.jurisdiction_id:
        raise Problem(404, "unknown_jurisdiction", "jurisdiction_id provided was not found.")
    return Call(context, city, kind, form, client)


async def _client(context: Context, form: RequestForm) -> Principal | None:
    """The client that the api_key (or a bearer header) names."""
    given = form.text("api_key", _TOKEN_MAX)
    if given is not None:
        return await context.house.auth.holder(context.request, given)
    if "Authorization" in context.request.headers:
        return await context.house.auth.principal(context.request)
    return None


def _failed(kind: str, problem: Problem) -> web.Response:
    """The standard knows 400, 403 and 404; what else we say keeps its status."""
    status = {_UNAUTHORIZED: 403, _UNPROCESSABLE: 400}.get(problem.status, problem.status)
    headers = {name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"}
    return respond(kind, "errors", [{"code": status, "description": problem.detail}], status=status, headers=headers)


async def unknown(_: Call) -> web.Response:
    """Everything else below ``/open311``."""
    raise Problem(404, "not_found", "There is no such resource.")


def route(
    method: str,
    resource: str,
    handler: Handler,
    summary: str,
    *,
    read_form: Callable[[web.Request], Awaitable[RequestForm]] | None = None,
) -> Route:
    """The route of ``resource`` with its format suffix."""
    return Route(
        method=method,
        path=f"/open311/{resource}" + r".{format:xml|json}",
        handler=serving(handler, read_form),
        summary=summary,
        own_auth=True,
        tag="open311",
    )
