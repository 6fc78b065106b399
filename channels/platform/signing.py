"""``X-Gateway-Signature: t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``, in both directions."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

HEADER = "X-Gateway-Signature"
MAX_SKEW_S = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=[0-9a-f]{64}")


def signature(secrets: Sequence[str], body: bytes, at: int) -> str:
    """The header's value for ``body``: one ``v1`` a secret."""
    signed = b"%d.%b" % (at, body)
    digests = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


def refusal(secrets: Sequence[str], body: bytes, header: str, now: float) -> str | None:
    """Why a signature is not taken: ``bad_signature``, ``replay`` (its time is too far off); None when it is.

    Any one of ``secrets`` may have made it.
    """
    given = header.strip()
    found = _FORM.fullmatch(given)
    at = int(found.group(1)) if found else 0
    theirs = given.encode("utf-8", "surrogateescape")
    fits = [hmac.compare_digest(signature((secret,), body, at).encode(), theirs) for secret in secrets]
    if not any(fits):
        return "bad_signature"
    return "replay" if abs(now - at) > MAX_SKEW_S else None
