"""Routes that describe themselves: one table serves requests and writes OpenAPI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gateway.domain.limits import BODY_BYTES, LONG_BODY
from gateway.edge.off_loop import off_loop
from gateway.telemetry import trace
from gateway.web.auth import Authenticator, Principal
from gateway.web.clients import Proxies, RateLimiter
from gateway.web.login_trail import LoginTrail
from gateway.web.logins import LogIns
from gateway.web.masked import MaskedRecords, encoded
from gateway.web.passwords import Passwords
from gateway.web.problems import Problem, from_validation
from gateway.web.seen import SeenLog
from gateway.web.services import CaseServices, Limits, WebServices

M = TypeVar("M", bound=BaseModel)
LOOKUPS_PER_S, LOOKUPS_AT_ONCE = 0.2, 20.0
"""Whole telephone numbers that one client may look up: work needs some, to try out all that a mask allows, 10,000."""
_UNMASKED = "unmasked"
"""Looks written down before they are answered; those of ``SeenLog`` under the same name may still wait."""


class WebRoom:
    """The objects that every handler shares."""

    def __init__(self, services: WebServices) -> None:
        """Built once per application."""
        limits: Limits = services.limits
        self.services = services
        self.proxies = Proxies(services.trusted_proxies, public_url=services.public_url)
        self.auth = Authenticator(
            tokens=services.tokens,
            sessions=services.sessions,
            clock=services.clock,
            proxies=self.proxies,
            failures_per_s=limits.failures_per_s,
            idle_s=services.session_idle_s,
        )
        self.passwords = Passwords()
        self.login_trail = LoginTrail(services.audit, services.clock)
        self.logins = LogIns(
            users=services.users,
            attempts=services.login_attempts,
            devices=services.devices,
            audit=services.audit,
            clock=services.clock,
            passwords=self.passwords,
            trail=self.login_trail,
        )
        self.seen = SeenLog(services.audit, services.clock)
        self.requests = RateLimiter(per_s=limits.requests_per_s, clock=services.clock)
        self.contacts = RateLimiter(per_s=limits.contacts_per_s, clock=services.clock)
        self.lookups = RateLimiter(per_s=LOOKUPS_PER_S, clock=services.clock, burst=LOOKUPS_AT_ONCE)
        self.masked = MaskedRecords()
        self.closing = False

    async def audit(
        self, principal: Principal, action: str, ticket_id: str | None, *, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Write an audit row before the request is answered."""
        await self.services.audit.write(
            actor=principal.actor, action=action, ticket_id=ticket_id, at=self.services.clock.now(), detail=detail
        )

    async def aclose(self) -> None:
        """What is still to be written down reaches SQL before the process ends."""
        self.passwords.close()
        await self.seen.aclose()
        await self.login_trail.aclose()

    async def look_up(self, principal: Principal, sought: str) -> None:
        """Write an audit row, before the answer, for a look-up of a whole number or name; 429 after too many.

        The same one again in a row is the same look: a page repeats its search with every change.
        """
        look = f"lookup {sought}"
        if self.seen.knows(principal.actor, look, None):
            return
        self.lookups.take(principal.actor)
        await self.audit(principal, "lookup", None)
        self.seen.remember(principal.actor, look, None)

    async def reveal(self, principal: Principal, ticket_id: str) -> None:
        """Write an audit row, before the answer, for a ticket shown unmasked; once for looks in a row."""
        if self.seen.knows(principal.actor, _UNMASKED, ticket_id):
            return
        await self.audit(principal, "reveal", ticket_id)
        self.seen.remember(principal.actor, _UNMASKED, ticket_id)


@dataclass(frozen=True, slots=True)
class Context:
    """One request on its way through a handler."""

    request: web.Request
    house: WebRoom
    _principal: Principal | None

    @property
    def principal(self) -> Principal:
        """The client; only routes with a scope, or open to every login, have one."""
        assert self._principal is not None
        return self._principal

    @property
    def services(self) -> WebServices:
        """The services that handlers use."""
        return self.house.services

    @property
    def cases(self) -> CaseServices:
        """The services of cases; 404 where there are none."""
        if self.services.cases is None:
            raise Problem(404, "no_cases", "Nothing is done about cases here.")
        return self.services.cases

    @property
    def served(self) -> tuple[Route, ...]:
        """Every documented route of the application."""
        return self.request.app[ROUTES]

    def query(self, model: type[M]) -> M:
        """The query string as ``model``; 400 with every mistake."""
        pairs = self.request.query
        doubled = sorted({key for key in pairs if len(pairs.getall(key)) > 1})
        if doubled:
            raise Problem(400, "invalid_query", f"{', '.join(doubled)}: given twice")
        try:
            return model.model_validate(dict(pairs))
        except ValidationError as error:
            raise from_validation(error, status=400, code="invalid_query") from None

    async def body(self, model: type[M], most: int = BODY_BYTES) -> M:
        """The JSON body of at most so many bytes as ``model``; 415, 413, 400 (no JSON) or 422 with every mistake."""
        return await self.parse(model, await self.raw_body(most))

    async def raw_body(self, most: int) -> bytes:
        """The bytes of a body that says it is JSON; 413 beyond ``most``."""
        kind = self.request.content_type
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise Problem(415, "not_json", "Send application/json.", headers={"Accept-Post": "application/json"})
        too_large = Problem(413, "body_too_large", f"The body has at most {most} bytes here.")
        if (self.request.content_length or 0) > most:
            raise too_large
        raw = await self.request.read()
        if len(raw) > most:
            raise too_large
        return raw

    @staticmethod
    async def parse(model: type[M], raw: bytes) -> M:
        """``raw`` as ``model``."""
        return await off_loop(len(raw) > LONG_BODY, _parsed, model, raw)


def _parsed(model: type[M], raw: bytes) -> M:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        broken = any(item["type"] == "json_invalid" for item in error.errors())
        status, code = (400, "invalid_json") if broken else (422, "invalid_body")
        raise from_validation(error, status=status, code=code) from None


Handler = Callable[[Context], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation. ``scope`` None: open to every logged-in client; ``public``: to everybody."""

    method: str
    path: str
    handler: Handler
    summary: str
    scope: str | None = None
    also: str | None = None
    """Another scope that lets in; the handler then limits what it gives."""
    public: bool = False
    own_auth: bool = False
    """The handler identifies the client itself (log-in, signed contacts)."""
    before_password_change: bool = False
    """Usable while a one-time password still has to be changed."""
    streaming: bool = False
    """May take as long as it wants; looks after its own time limits."""
    by_itself: bool = False
    """A page asks for it without anybody's doing: it keeps no session alive."""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    files: bool = False
    """The body may come as multipart/form-data with files, too."""
    quiet: bool = False
    """Asked for all the time by machines and pages: what went well is logged at debug."""
    returns: str = "object"
    """Name of a schema of ``api/schemas``, or a media type for what is not JSON."""
    status: int = 200
    errors: tuple[int, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Request headers worth telling: (name, description)."""
    tag: str = field(default="tickets")


HOUSE: web.AppKey[WebRoom] = web.AppKey("house", WebRoom)
ROUTES: web.AppKey[tuple[Route, ...]] = web.AppKey("routes", tuple[Route, ...])


def register(app: web.Application, routes: Iterable[Route]) -> None:
    """Serve ``routes``; GET answers HEAD as well."""
    for route in routes:
        handler = _guarded(route)
        if route.method == "GET":
            app.router.add_get(route.path, handler, allow_head=True)
        else:
            app.router.add_route(route.method, route.path, handler)


def _guarded(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        house = request.app[HOUSE]
        principal: Principal | None = None
        if not (route.public or route.own_auth):
            principal = await house.auth.principal(request, in_use=not route.by_itself)
            house.requests.take(principal.actor)
            check(principal, route)
            trace.take_over(request.headers.get("traceparent"))
        return await route.handler(Context(request, house, principal))

    handle.__dict__["route"] = route
    return handle


def check(principal: Principal, route: Route) -> None:
    """403 unless ``principal`` may use ``route``."""
    if principal.must_change_password and not route.before_password_change:
        raise Problem(403, "password_change_required", "This one-time password must be changed first.")
    if route.scope is not None and not (principal.may(route.scope) or (route.also and principal.may(route.also))):
        raise Problem(403, "scope_missing", f"This needs the scope {route.scope}.")


def json_page(items: Sequence[bytes], **more: Any) -> web.Response:
    """``{"items": […], …}`` of items that are JSON already."""
    rest = encoded(more)
    body = b'{"items":[' + b",".join(items) + b"]" + (b"," + rest[1:] if more else b"}")
    return web.Response(body=body, content_type="application/json")


def json_response(
    data: Any, *, status: int = 200, headers: dict[str, str] | None = None, content_type: str = "application/json"
) -> web.Response:
    """``data`` as UTF-8 JSON."""
    return web.Response(
        status=status,
        body=encoded(data),
        content_type=content_type,
        headers=headers,
    )
