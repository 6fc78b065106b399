"""Reads an INVITE: caller, callee, asserted identity, privacy, diversion."""

from __future__ import annotations

from channels.sip import uri as uris
from channels.sip.message import Request
from channels.sip.settings import SipSettings
from gateway.ports.call import CallInfo

MAX_X_HEADERS = 32
MAX_X_VALUE = 1024
MAX_VALUES = 16
"""Of a header that lists people or numbers; what comes after them is not read."""
_WITHHELD = frozenset({"id", "user"})
"""Values of Privacy by which callers ask that nobody sees who they are (RFC 3323 §4.2, RFC 3325 §9.3)."""


def call_info(request: Request, *, channel_id: str, settings: SipSettings, trusted: bool) -> CallInfo:
    """``trusted``: the peer may assert an identity (RFC 3325). Whoever it is may ask that it be withheld."""
    extra: dict[str, str] = {}
    for name, values in request.sip.headers.items():
        if name[:2].lower() == "x-" and len(extra) < MAX_X_HEADERS:
            extra[name] = request.human(", ".join(values))[:MAX_X_VALUE]
    asserted, withheld = _asserted(request) if trusted else ([], False)
    from_uri = uris.uri_of(request.from_raw)
    return CallInfo(
        channel_id=channel_id,
        call_id=request.call_id,
        external_id=f"{request.call_id};{request.from_tag}",
        from_raw=request.human(request.from_raw),
        to_raw=request.human(request.to_raw),
        from_user=request.human(uris.user_of(request.from_raw)),
        to_user=request.human(uris.user_of(request.to_raw) or uris.user_of(f"<{request.uri}>")),
        asserted_identity=request.human(", ".join(asserted)) if asserted else None,
        caller_uris=tuple(request.human(uri) for uri in (*map(uris.uri_of, asserted), from_uri)),
        plan=settings.plan,
        withheld=withheld or _asks_for_privacy(request),
        diversion=_diverted_from(request),
        remote=request.flow.peer,
        line=settings.line,
        flow=settings.flow,
        headers=extra,
    )


def _asserted(request: Request) -> tuple[list[str], bool]:
    """The caller that a trusted peer asserts, and whether it is to be withheld.

    P-Asserted-Identity (RFC 3325), else Remote-Party-ID (draft-ietf-sip-privacy-04) as older equipment sends it, when
    it is about the caller and the network has screened it. P-Preferred-Identity is a wish, and never believed.
    """
    asserted = _listed(request, "p-asserted-identity")
    if asserted:
        return asserted, False
    for value in _listed(request, "remote-party-id"):
        said = uris.address_params(value)
        if said.get("party", "calling").lower() == "calling" and said.get("screen", "no").lower() == "yes":
            return [value], said.get("privacy", "off").lower() != "off"
    return [], False


def _asks_for_privacy(request: Request) -> bool:
    asked = {word.strip().lower() for value in request.values("privacy") for word in value.split(";")}
    return not _WITHHELD.isdisjoint(asked)


def _diverted_from(request: Request) -> str | None:
    """Diversion as it came (RFC 5806), else the number that was dialled first by History-Info (RFC 7044).

    History-Info has an entry for the number dialled also where nobody was diverted: that one says nothing new.
    """
    diversion = request.values("diversion")
    if diversion:
        return request.human(", ".join(diversion))
    history = _listed(request, "history-info")
    if not history:
        return None
    first = min(history, key=_place_in_history)
    return None if uris.user_of(first) == uris.user_of(request.to_raw) else request.human(first)


def _place_in_history(entry: str) -> tuple[int, ...]:
    """The parts of ``index=1.2.1`` (RFC 7044 §5.1); an entry without one comes last."""
    parts = uris.address_params(entry).get("index", "").split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):  # noqa: PLR2004 - beyond it is no count
        return (10**9,)
    return tuple(map(int, parts))


def _listed(request: Request, name: str) -> list[str]:
    """The addresses of a header that lists some."""
    values = [one for value in request.values(name) for one in uris.split_list(value) if uris.uri_of(one)]
    return values[:MAX_VALUES]
