"""What an INVITE says of its call."""

from __future__ import annotations

from channels.sip import uri as uris
from channels.sip.message import Request
from channels.sip.settings import SipSettings
from gateway.ports.call import CallInfo

MAX_X_HEADERS = 32
MAX_X_VALUE = 1024


def call_info(request: Request, *, channel_id: str, settings: SipSettings, trusted: bool) -> CallInfo:
    """``trusted``: the peer may assert an identity (RFC 3325)."""
    extra: dict[str, str] = {}
    for name, values in request.sip.headers.items():
        if name[:2].lower() == "x-" and len(extra) < MAX_X_HEADERS:
            extra[name] = request.human(", ".join(values))[:MAX_X_VALUE]
    asserted = request.values("p-asserted-identity")
    diversion = request.values("diversion")
    return CallInfo(
        channel_id=channel_id,
        call_id=request.call_id,
        external_id=f"{request.call_id};{request.from_tag}",
        from_raw=request.human(request.from_raw),
        to_raw=request.human(request.to_raw),
        from_user=request.human(uris.user_of(request.from_raw)),
        to_user=request.human(uris.user_of(request.to_raw) or uris.user_of(f"<{request.uri}>")),
        asserted_identity=request.human(", ".join(asserted)) if trusted and asserted else None,
        diversion=request.human(", ".join(diversion)) if diversion else None,
        remote=request.flow.peer,
        line=settings.line,
        flow=settings.flow,
        headers=extra,
    )
