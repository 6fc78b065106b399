"""The platforms' error codes, sorted by what a sender can do about them."""

from __future__ import annotations

from gateway.errors import PermanentDeliveryError, ReplyWindowClosed, TransientDeliveryError

TOKEN_CODES = frozenset({40001, 40014, 42001})
"""The access token is wrong or ran out: get another one, once."""
WINDOW_CODES = frozenset({45015, 45047, 48002, 95001})
"""WeChat does not let us write to this person now: too late, too often, or switched off by them."""

_BUSY_S: dict[int, float] = {
    -1: 2,  # busy
    45009: 600,  # calls of the day are used up (WeCom: of the minute or hour)
    45011: 60,  # too often within a minute
    45033: 5,  # too many calls at once
    6000: 2,  # WeCom: data version conflict
}
_SETTINGS_S = 300.0
_SETTINGS_CODES = frozenset({
    40002,  # grant type
    40013,  # app id
    40125,  # app secret
    40164,  # our address is not on the allow-list
    41002,
    41004,
    60020,  # WeCom: our address is not on the allow-list
    61024,
    89503,
})  # fmt: skip
"""Somebody has to repair the account's settings; the message can go afterwards."""

Failure = TransientDeliveryError | PermanentDeliveryError


def failure(call: str, code: int, message: str) -> Failure:
    """The error of a call that was answered with ``code``. ``message`` is the platform's own, without personal data."""
    said = f"{call}: {code} {message[:160]}"
    if code in WINDOW_CODES:
        return ReplyWindowClosed(said, errcode=code)
    if code in _BUSY_S:
        return TransientDeliveryError(said, retry_after_s=_BUSY_S[code], errcode=code)
    if code in _SETTINGS_CODES or code in TOKEN_CODES:
        return TransientDeliveryError(said, retry_after_s=_SETTINGS_S, errcode=code)
    return PermanentDeliveryError(said, errcode=code)
