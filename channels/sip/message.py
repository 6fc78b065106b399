"""Guarded reading and writing of SIP messages: ``aiosipua`` splits them, whatever it raises becomes ``Malformed``.

What it takes too lightly (start line, duplicate headers, numbers, Content-Length, character sets) is checked here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiosipua.message import SipMessage, SipRequest, SipResponse

from channels.sip import uri as uris
from channels.sip.flow import PeerFlow
from gateway.errors import RejectedInput

Headers = Iterable[tuple[str, str]]

# Its only warning compares Content-Length with a body; that is checked here, where a flood of it fills no log.
logging.getLogger("aiosipua.message").setLevel(logging.ERROR)

_REQUEST_LINE = re.compile(rb"([A-Za-z0-9.!%*_+`'~-]{1,64}) ([^\s<>\"]{1,2048}) SIP/2\.0")
_STATUS_LINE = re.compile(rb"SIP/2\.0 [1-6][0-9]{2}(?: .*)?")
_CSEQ = re.compile(r"([0-9]{1,10})\s+(\S+)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_NEEDED = ("call-id", "from", "to", "cseq")
_SINGLE = (*_NEEDED, "max-forwards", "content-length")
_PARTED = ("via", "from", "to", "contact", "record-route")
"""Headers whose parts we route by or build a dialog from. What is broken in others is ignored (RFC 3261 §8.2)."""
_MAX_VALUE = {"from": 2048, "to": 2048, "call-id": 512}
MAX_HEADERS = 32_768
"""Bytes of start line and headers: reading them is work that a stranger chooses."""
MAX_CSEQ = 2**31
MAX_FORWARDS = 255

REASONS = {
    100: "Trying", 180: "Ringing", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    415: "Unsupported Media Type", 416: "Unsupported URI Scheme", 420: "Bad Extension",
    422: "Session Interval Too Small", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending", 500: "Server Internal Error",
    501: "Not Implemented", 503: "Service Unavailable", 505: "Version Not Supported", 603: "Decline",
}  # fmt: skip


@dataclass(slots=True)
class Request:
    """A request that can be answered and routed; header values are as received."""

    sip: SipRequest
    flow: PeerFlow
    method: str
    uri: str
    call_id: str
    from_raw: str
    to_raw: str
    from_tag: str
    to_tag: str
    cseq: int
    via: uris.Via
    latin: bool = False
    """Its headers are not UTF-8; they were read as Latin-1 and go back byte for byte."""

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return self.sip.headers.get(name)

    def first(self, name: str) -> str | None:
        """The first value of a header."""
        return self.sip.headers.get_first(name)

    def options(self, name: str) -> list[str]:
        """The option tags in a header such as Require."""
        return [tag.strip().lower() for tag in self.values(name) if tag.strip()]

    def number(self, name: str) -> int | None:
        """A header that is a plain number; None when absent or not one (parameters are cut)."""
        text = (self.first(name) or "").partition(";")[0].strip()
        return int(text) if _NUMBER.fullmatch(text) else None

    def human(self, text: str) -> str:
        """A header value for people: old exchanges send GB 18030. NUL, which a quoted string may hold, is replaced."""
        if self.latin:
            text = text.encode("latin-1", "replace").decode("gb18030", "replace")
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


@dataclass(slots=True)
class Response:
    """A response to a request of ours."""

    sip: SipResponse
    flow: PeerFlow
    status: int
    call_id: str
    from_tag: str
    to_tag: str
    to_raw: str
    cseq: int
    method: str
    branch: str

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return self.sip.headers.get(name)

    def first(self, name: str) -> str | None:
        """The first value of a header."""
        return self.sip.headers.get_first(name)


class MalformedMessage(RejectedInput):
    """Not a usable SIP message. ``request`` is set when a response with ``status`` can still be sent.

    It goes back with what there is of Via, From, To, Call-ID and CSeq (RFC 3261 §8.2.6); some of them may be empty.
    """

    def __init__(self, why: str, request: Request | None = None, status: int = 400) -> None:
        super().__init__(why)
        self.request = request
        self.status = status


def parse(data: bytes, flow: PeerFlow) -> Request | Response:
    """Read one message; ``MalformedMessage`` whatever is wrong with it."""
    try:
        return _parse(data, flow)
    except MalformedMessage:
        raise
    except Exception as error:
        raise MalformedMessage(f"unreadable: {type(error).__name__}") from error


def _parse(data: bytes, flow: PeerFlow) -> Request | Response:
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        head, blank, body = data.partition(b"\n\n")
    if len(head) > MAX_HEADERS:
        raise MalformedMessage("headers too long")
    latin = False
    text: bytes | str = head
    try:
        head.decode()
    except UnicodeDecodeError:
        latin, text = True, head.decode("latin-1")
    # aiosipua would trim the body by a Content-Length it reads leniently; ours is checked below.
    sip = SipMessage.parse(text)
    sip.body = body
    if "x" in sip.headers:  # the compact form of Session-Expires (RFC 4028 §11), unknown to aiosipua
        for value in sip.headers.get("x"):
            sip.headers.append("Session-Expires", value)
    start = head.lstrip().splitlines()[0].rstrip()
    if isinstance(sip, SipResponse):
        return _response(sip, flow, start)
    request = _request(sip, flow, latin=latin)
    if not blank:
        raise MalformedMessage("no end of headers", request)
    _check(request, start)
    return request


def _response(sip: SipResponse, flow: PeerFlow, start: bytes) -> Response:
    headers = sip.headers
    cseq = _CSEQ.fullmatch(headers.get_first("cseq") or "")
    via = uris.parse_via(headers.get_first("via") or "")
    if not _STATUS_LINE.fullmatch(start) or cseq is None or via is None or not via.branch:
        raise MalformedMessage("response without status, CSeq or branch")
    _trim_body(sip)
    to_raw = headers.get_first("to") or ""
    return Response(
        sip=sip,
        flow=flow,
        status=sip.status_code,
        call_id=headers.get_first("call-id") or "",
        from_tag=uris.tag_of(headers.get_first("from") or ""),
        to_tag=uris.tag_of(to_raw),
        to_raw=to_raw,
        cseq=int(cseq[1]),
        method=cseq[2],
        branch=via.branch,
    )


def _request(sip: SipRequest, flow: PeerFlow, *, latin: bool) -> Request:
    """What can be read of a request, so that it can be answered whatever is wrong with it; it needs a Via for that."""
    headers = sip.headers
    vias = headers.get("via")
    if not vias:
        raise MalformedMessage("Via is missing")
    call_id, from_raw, to_raw, cseq_raw = (headers.get_first(name) or "" for name in _NEEDED)
    cseq = _CSEQ.fullmatch(cseq_raw)
    return Request(
        sip=sip,
        flow=flow,
        method=sip.method,
        uri=sip.uri,
        call_id=call_id,
        from_raw=from_raw,
        to_raw=to_raw,
        from_tag=uris.tag_of(from_raw),
        to_tag=uris.tag_of(to_raw),
        cseq=int(cseq[1]) if cseq else -1,
        via=uris.parse_via(vias[0]) or uris.Via("", flow.host, flow.port, "", rport=True),
        latin=latin,
    )


def _check(request: Request, start: bytes) -> None:
    """``MalformedMessage`` unless it is a request that can be taken; trims its body."""
    line = _REQUEST_LINE.fullmatch(start)
    if line is None:
        version = start.rpartition(b" ")[2].upper()
        wrong_version = version.startswith(b"SIP/") and version != b"SIP/2.0"
        raise MalformedMessage("request line", request, 505 if wrong_version else 400)
    fault = _missing_or_double(request) or _wrong_number(request) or _broken_parts(request)
    if fault is None and not _trim_body(request.sip):
        fault = "Content-Length"
    if fault is not None:
        raise MalformedMessage(fault, request)


def _missing_or_double(request: Request) -> str | None:
    headers = request.sip.headers
    for name in _SINGLE:
        if name in _NEEDED and not headers.get_first(name):
            return f"{name} is missing"
        if len(headers.get(name)) > 1:
            return f"{name} more than once"
    for name, limit in _MAX_VALUE.items():
        if len(headers.get_first(name) or "") > limit:
            return f"{name} too long"
    return None


def _wrong_number(request: Request) -> str | None:
    cseq = _CSEQ.fullmatch(request.first("cseq") or "")
    if cseq is None or not 0 <= request.cseq < MAX_CSEQ or cseq[2] != request.method:
        return "CSeq"
    hops = request.first("max-forwards")
    if hops is not None and (not _NUMBER.fullmatch(hops) or int(hops) > MAX_FORWARDS):
        return "Max-Forwards"
    return None


def _broken_parts(request: Request) -> str | None:
    if not uris.uri_of(request.from_raw) or not uris.uri_of(request.to_raw):
        return "From or To without a URI"
    for name in _PARTED:
        for value in request.values(name):
            if uris.has_stray_separators(value):
                return f"{name} with separators between nothing"
            # A character of GB 18030 may end in the octet of a backslash: then only the decoded text tells.
            if not uris.quotes_balance(value) and not (request.latin and uris.quotes_balance(request.human(value))):
                return f"{name} with a quoted string that does not end"
    if not all(map(uris.parse_via, request.values("via"))):
        return "Via"
    # NUL may stand in a quoted string only (RFC 3261 §25.1: quoted-pair).
    if any("\0" in name + uris.unquoted(value) for name, values in request.sip.headers.items() for value in values):
        return "NUL"
    return "NUL" if "\0" in f"{request.call_id}{request.from_tag}{request.to_tag}{request.via.branch}" else None


def _trim_body(sip: SipMessage) -> bool:
    """Cut the body to Content-Length (RFC 3261 §18.3); False when that is not possible."""
    declared = sip.headers.get_first("content-length")
    if declared is None:
        return True
    if not _NUMBER.fullmatch(declared) or int(declared) > len(sip.body):
        return False
    sip.body = sip.body[: int(declared)]
    return True


def response_to(
    request: Request,
    status: int,
    *,
    to_tag: str = "",
    reason: str = "",
    headers: Headers = (),
    body: bytes = b"",
) -> bytes:
    """A response, ready to send (RFC 3261 §8.2.6). ``to_tag`` is added when the request carried none."""
    sip = SipResponse(status_code=status, reason_phrase=reason or REASONS.get(status, "Unknown"))
    vias = request.values("via")
    sip.headers.append("Via", uris.via_with_source(vias[0], request.via, request.flow.host, request.flow.port))
    for value in vias[1:]:
        sip.headers.append("Via", value)
    tagged = request.to_tag or not to_tag or status == 100  # noqa: PLR2004 - 100 Trying makes no dialog
    to = request.to_raw if tagged or not request.to_raw else f"{request.to_raw};tag={to_tag}"
    same = (("From", request.from_raw), ("To", to), ("Call-ID", request.call_id), ("CSeq", request.first("cseq")))
    for name, given in same:
        if given:  # what is missing is why it was refused
            sip.headers.append(name, given)
    for value in request.values("timestamp"):
        sip.headers.append("Timestamp", value)
    for name, value in headers:
        sip.headers.append(name, value)
    sip.body = body
    return encode(sip, latin=request.latin)


def new_request(method: str, target: str, headers: Headers, body: bytes = b"") -> SipRequest:
    """A request of ours; ``ValueError`` when a value would break out of its header."""
    sip = SipRequest(method=method, uri=target, body=body)
    sip.headers.set_single("Via", "")  # holds the first place; the client transaction fills it in
    for name, value in headers:
        if name == "Via":
            sip.headers.set_single(name, value)
        else:
            sip.headers.append(name, value)
    return sip


def encode(sip: SipRequest | SipResponse, *, latin: bool = False) -> bytes:
    """Wire form, header names as we wrote them; Latin-1 headers leave as the bytes that they came as."""
    if isinstance(sip, SipRequest):
        lines = [f"{sip.method} {sip.uri} SIP/2.0"]
    else:
        lines = [f"SIP/2.0 {sip.status_code} {sip.reason_phrase}"]
    for name, values in sip.headers.items():
        lines += [f"{name}: {value}" for value in values]
    lines += [f"Content-Length: {len(sip.body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1" if latin else "utf-8", "replace") + sip.body
