"""Dialogs: RFC 3261 §12 (route set, target refresh, CSeq order, requests built right)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from aiosipua.message import SipRequest

from channels.sip import uri as uris
from channels.sip.flow import Target
from channels.sip.message import Headers, Request, Response, new_request
from channels.sip.uri import DEFAULT_PORT

DialogId = tuple[str, str, str]
"""Call-ID, our tag, their tag."""


def new_tag() -> str:
    """A tag nobody can guess."""
    return os.urandom(8).hex()


@dataclass(slots=True, kw_only=True)
class Dialog:
    """One dialog; ``local`` and ``remote`` are the From/To values of our requests, tags included."""

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    contact: str
    """Our Contact value."""
    target: str
    """Their Contact URI: the Request-URI of what we send."""
    source: Target
    """Where they signalled from: the way back when ``target`` is a name, which is never resolved."""
    routes: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int = -1

    @property
    def id(self) -> DialogId:
        """What its requests are recognised by."""
        return (self.call_id, self.local_tag, self.remote_tag)

    @classmethod
    def of_invite(cls, request: Request, local_tag: str, contact: str) -> Dialog:
        """The dialog that answering ``request`` makes (§12.1.1)."""
        contacts = request.values("contact")
        target = uris.uri_of(contacts[0]) if contacts else ""
        return cls(
            call_id=request.call_id,
            local=f"{request.to_raw};tag={local_tag}",
            remote=request.from_raw,
            local_tag=local_tag,
            remote_tag=request.from_tag,
            contact=contact,
            target=target or uris.uri_of(request.from_raw),
            source=request.flow.target,
            routes=list(request.values("record-route")),
            remote_cseq=request.cseq,
        )

    @classmethod
    def of_answer(cls, response: Response, invite: SipRequest, source: Target, contact: str) -> Dialog:
        """The dialog that a 2xx to our ``invite`` makes (§12.1.2)."""
        contacts = response.values("contact")
        local = invite.headers.get_first("from") or ""
        return cls(
            call_id=response.call_id,
            local=local,
            remote=response.to_raw,
            local_tag=uris.tag_of(local),
            remote_tag=response.to_tag,
            contact=contact,
            target=(uris.uri_of(contacts[0]) if contacts else "") or invite.uri,
            source=source,
            routes=list(reversed(response.values("record-route"))),
            local_cseq=response.cseq,
        )

    def in_order(self, request: Request) -> bool:
        """Whether a request of theirs is newer than all before (§12.2.2); remembers it."""
        if request.cseq <= self.remote_cseq:
            return False
        self.remote_cseq = request.cseq
        return True

    def refresh(self, contacts: list[str]) -> None:
        """Target refresh (§12.2): INVITE and UPDATE may move the other side."""
        target = uris.uri_of(contacts[0]) if contacts else ""
        if uris.scheme_of(target) in {"sip", "sips"}:
            self.target = target

    def request(self, method: str, *, headers: Headers = (), body: bytes = b"", cseq: int | None = None) -> SipRequest:
        """The next request in this dialog; ``cseq`` is given only for the ACK of that INVITE."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        request_uri, routes = self.target, self.routes
        if routes:
            first = uris.uri_of(routes[0])
            parsed = uris.parse_uri(first)
            if parsed is None or not parsed.loose:  # strict router (§12.2.1.1)
                request_uri, routes = first, [*routes[1:], f"<{self.target}>"]
        fields = [("Max-Forwards", "70"), ("From", self.local), ("To", self.remote), ("Call-ID", self.call_id)]
        fields += [("CSeq", f"{cseq} {method}"), ("Contact", self.contact)]
        fields += [("Route", value) for value in routes]
        return new_request(method, request_uri, [*fields, *headers], body)

    def hosts(self) -> set[str]:
        """Addresses that the dialog itself names: the far side's Contact and the proxies that stay in the path."""
        named = (uris.parse_uri(text) for text in (self.target, *map(uris.uri_of, self.routes)))
        return {uri.host for uri in named if uri is not None}

    def next_hop(self, connected: Callable[[Target], bool]) -> Target:
        """Where requests go: the first Route, else the target, else where they came from."""
        if not self.routes and connected(self.source):
            return self.source  # the TCP connection that the peer opened passes its NAT
        hop = uris.parse_uri(uris.uri_of(self.routes[0]) if self.routes else self.target)
        if hop is None or not uris.is_ip(hop.host) or not _reachable(hop.host, self.source.host):
            return self.source
        return Target(hop.transport, hop.host, hop.port or DEFAULT_PORT)


def _reachable(host: str, source: str) -> bool:
    """Whether ``host`` can be meant: not a private address written by a peer that signals from a public one."""
    written, seen = ipaddress.ip_address(host), ipaddress.ip_address(source)
    if written.is_unspecified or written.is_multicast or written.version != seen.version:
        return False
    return seen.is_private or not written.is_private
