"""Why a callback is turned away, as operations counts it and as HTTP says it."""

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
    """More than any message of WeChat's can be."""

    code = "too_large"
    status = 413


class BadSignature(Refused):
    """It is not from somebody who knows the token."""

    code = "bad_signature"
    reason = "bad_signature"
    status = 403


class ReplayedCallback(Refused):
    """Signed, but too long ago (or by a clock that is wrong)."""

    code = "replay"
    reason = "replay"
    status = 403
