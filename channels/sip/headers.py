"""What this user agent says of itself in headers."""

from __future__ import annotations

from channels.sip.message import Headers

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "REGISTER")
KNOWN_METHODS = frozenset({"REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "PRACK"})
"""Methods of other RFCs: refused with 405; anything else is 501."""
ALLOW = ("Allow", ", ".join(METHODS))
SUPPORTED = ("Supported", "timer")
ACCEPT = ("Accept", "application/sdp, application/dtmf-relay, application/dtmf, multipart/mixed")
EXTENSIONS = frozenset({"timer"})
SERVER = ("Server", "hotline-gateway")
RETRY_AFTER_S = 5


def retry_after(seconds: int = RETRY_AFTER_S) -> Headers:
    """The Retry-After header alone."""
    return [("Retry-After", str(seconds))]
