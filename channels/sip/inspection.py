"""The checks that every request passes first (RFC 3261 §8.2.1-8.2.3)."""

from __future__ import annotations

from channels.sip import uri as uris
from channels.sip.bodies import SDP, media_type
from channels.sip.headers import ALLOW, EXTENSIONS, KNOWN_METHODS, METHODS
from channels.sip.message import Headers, Request

SCHEMES = frozenset({"sip", "sips", "tel"})
REGISTERED = frozenset({"sip", "sips"})
"""Schemes of an address of record (RFC 3261 §10.3; RFC 4475 §3.3.4)."""


def refusal_of(request: Request) -> tuple[int, Headers] | None:
    """Status and headers of the refusal that method, scheme, hops or extensions call for; None for a sound request."""
    if request.method not in METHODS:
        return (405 if request.method in KNOWN_METHODS else 501), [ALLOW]
    if not request.to_tag:
        if uris.scheme_of(request.uri) not in SCHEMES:
            return 416, ()
        # RFC 4475 §3.3.11: an end system takes OPTIONS with Max-Forwards 0.
        if request.number("max-forwards") == 0 and request.method != "OPTIONS":
            return 483, ()
        if request.method == "REGISTER" and uris.scheme_of(uris.uri_of(request.to_raw)) not in REGISTERED:
            return 400, ()
        if request.method == "INVITE" and not _takes_sdp(request):
            return 406, ()
    unknown = [tag for tag in request.options("require") if tag not in EXTENSIONS]
    return (420, [("Unsupported", ", ".join(unknown))]) if unknown else None


def _takes_sdp(request: Request) -> bool:
    """Whether Accept, where there is one, lets us answer with a session description (RFC 4475 §3.3.15)."""
    accepted = [media_type(value) for value in request.values("accept")]
    return not accepted or not {SDP, "application/*", "*/*"}.isdisjoint(accepted)
