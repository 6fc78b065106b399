"""Signatures and encryption of callbacks (WXBizMsgCrypt): wechatpy's cipher behind checks of our own.

wechatpy compares signatures with ``!=``, knows no replay window, and raises IndexError, struct.error and others on
ciphertext that is signed but broken; here a signature takes constant time and every fault is ``UnreadableCallback``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from pydantic import SecretStr
from wechatpy.crypto import PrpCrypto

from channels.wechat.refusals import BadSignature, ReplayedCallback, UnreadableCallback
from channels.wechat.settings import WechatSettings

_DIGITS_OF_A_TIMESTAMP = 12


def _is_timestamp(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _DIGITS_OF_A_TIMESTAMP


def signature(token: str, *parts: str) -> str:
    """SHA-1 over the sorted parts, in hex: timestamp, nonce and, for encrypted bodies, the ciphertext."""
    joined = b"".join(sorted(part.encode("utf-8", "surrogatepass") for part in (token, *parts)))
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()  # WeChat's protocol says SHA-1


class CallbackCrypto:
    """Checks and opens what arrives at one channel's address."""

    def __init__(self, settings: WechatSettings) -> None:
        self._tokens = _values(settings.token, settings.previous_token)
        self._app_id = settings.app_id
        self._window_s = settings.replay_window_s
        keys = _values(settings.encoding_aes_key, settings.previous_encoding_aes_key)
        self._keys = [base64.b64decode(key + "=") for key in keys]

    def check(self, query: Mapping[str, str], *, given: str, now_s: float, encrypted: str | None = None) -> None:
        """Check the signature in parameter ``given``, over ``encrypted`` too when there is one, then the timestamp.

        ``BadSignature`` when it does not fit, ``ReplayedCallback`` when it fits but lies outside the window.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        parts = (timestamp, nonce) if encrypted is None else (timestamp, nonce, encrypted)
        theirs = query.get(given, "").encode("utf-8", "surrogatepass")
        fits = [hmac.compare_digest(signature(token, *parts).encode(), theirs) for token in self._tokens]
        if not any(fits):
            raise BadSignature("the signature does not fit: check the token")
        if not _is_timestamp(timestamp) or abs(now_s - int(timestamp)) > self._window_s:
            raise ReplayedCallback("the timestamp lies outside the replay window: check both clocks")

    def decrypt(self, encrypted: str) -> str:
        """The text inside; ``UnreadableCallback`` when it is not ours, not whole or not UTF-8."""
        if not self._keys:
            raise UnreadableCallback("an encrypted body, but encoding_aes_key is not configured")
        why = ""
        for key in self._keys:
            try:
                return str(PrpCrypto(key).decrypt(encrypted, self._app_id))
            except Exception as error:  # noqa: BLE001 - the library lets a dozen kinds through, measured on garbage
                why = type(error).__name__
        raise UnreadableCallback(f"the ciphertext cannot be opened ({why})")


def _values(*secrets: SecretStr | None) -> list[str]:
    """Those that are set, the newest first."""
    return [secret.get_secret_value() for secret in secrets if secret is not None]
