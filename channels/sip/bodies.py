"""What requests carry: SDP, alone or inside multipart (RFC 5621), and keys in INFO."""

from __future__ import annotations

import re

from channels.sip.message import Request, Response
from gateway.errors import RejectedInput

SDP = "application/sdp"
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_SIGNAL = re.compile(rb"^[ \t]*signal[ \t]*=[ \t]*([0-9A-Da-d*#]{1,2})\s*$", re.IGNORECASE | re.MULTILINE)
_BY_NUMBER = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_KEYS = frozenset("0123456789*#ABCD")
KEY_TYPES = frozenset({"application/dtmf-relay", "application/dtmf"})


class UnsupportedBody(RejectedInput):
    """A body that we must understand and do not: 415."""


def media_type(value: str | None) -> str:
    """The bare media type of a Content-Type value."""
    return (value or "").partition(";")[0].strip().lower()


def sdp_of(message: Request | Response) -> bytes | None:
    """The session description, None when there is no body; ``UnsupportedBody`` for a body without one."""
    body = message.sip.body
    if not body.strip():
        return None
    if message.first("content-encoding") not in {None, "", "identity"}:
        raise UnsupportedBody("Content-Encoding")
    content_type = message.first("content-type")
    kind = media_type(content_type)
    if kind == SDP or not kind:
        return body
    if kind.startswith("multipart/"):
        boundary = _BOUNDARY.search(content_type or "")
        if boundary is not None:
            for part in body.split(b"--" + (boundary[1] or boundary[2]).encode())[1:]:
                head, _, content = part.replace(b"\r\n", b"\n").partition(b"\n\n")
                if re.search(rb"^content-type:\s*application/sdp", head, re.IGNORECASE | re.MULTILINE):
                    return content.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    raise UnsupportedBody(f"no {SDP} in {kind}")


def key_of(request: Request) -> tuple[str, str] | None:
    """The key that an INFO reports and its media type, None without a body; ``UnsupportedBody`` for anything else."""
    body = request.sip.body
    kind = media_type(request.first("content-type"))
    if not body.strip() and not kind:
        return None
    if kind not in KEY_TYPES:
        raise UnsupportedBody(kind)
    match = _SIGNAL.search(body)  # some write what belongs to one type under the name of the other
    signal = (match[1] if match else body.strip()).decode("ascii", "replace")
    key = _BY_NUMBER.get(signal, signal).upper()
    if key not in _KEYS:
        raise UnsupportedBody("not a key")
    return key, kind
