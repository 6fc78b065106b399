"""Signatures as the other side makes them: written from documents, apart from the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping


def by_hmac(body: bytes, *, secret: str, at: float) -> str:
    """``X-Gateway-Signature`` of a body sent at ``at`` (docs/feeds.md)."""
    stamp = str(int(at))
    return f"t={stamp},v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def by_wechat(*parts: str) -> str:
    """Of token, timestamp, nonce and, where there is one, the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def by_twilio(url: str, form: Mapping[str, str], key: str) -> str:
    """``X-Twilio-Signature`` of a form."""
    told = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(key.encode(), told.encode(), hashlib.sha1).digest()).decode()
