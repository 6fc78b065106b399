"""Reasons to refuse a callback, with their metric label and HTTP status."""

from __future__ import annotations

from typing import ClassVar

from gateway.errors import RejectedInput


class Refused(RejectedInput):
    """A callback that is not taken; nothing of it was stored."""

    reason: ClassVar[str] = "malformed"
    status: ClassVar[int] = 400


class UnreadableCallback(Refused):
    """Signed or not, it cannot be read."""

    code = "malformed"


class TooLarge(Refused):
    """Larger than any message of WeChat."""

    code = "too_large"
    status = 413


class BadSignature(Refused):
    """Not signed with our token."""

    code = "bad_signature"
    reason = "bad_signature"
    status = 403


class ReplayedCallback(Refused):
    """Signed with our token, but its timestamp lies too far from our clock."""

    code = "replay"
    reason = "replay"
    status = 403
