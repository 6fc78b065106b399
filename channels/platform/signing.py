"""``X-Gateway-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``, in both directions."""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "X-Gateway-Signature"
MAX_SKEW_S = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=[0-9a-f]{64}")


def signature(secret: str, body: bytes, at: int) -> str:
    """The header's value for ``body``."""
    digest = hmac.new(secret.encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def refusal(secret: str, body: bytes, header: str, now: float) -> str | None:
    """Why a signature is not taken: ``bad_signature``, ``replay`` (its time is too far off); None when it is."""
    given = header.strip()
    found = _FORM.fullmatch(given)
    at = int(found.group(1)) if found else 0
    if not hmac.compare_digest(signature(secret, body, at).encode(), given.encode("utf-8", "surrogateescape")):
        return "bad_signature"
    return "replay" if abs(now - at) > MAX_SKEW_S else None
