"""G.711 (ITU-T G.711, RFC 3551 4.5.14): A-law, mu-law and 16-bit linear PCM, all 8 kHz.

``audioop`` is the standard library's C code for this up to Python 3.12 and the package ``audioop-lts`` after it;
other modules of this package take it from here.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # 3.11 and 3.12 announce its removal at import; 3.13 installs audioop-lts under the same name.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop as audioop  # noqa: PLC0414 - marks it as meant for import from here

ALAW_SILENCE = 0xD5
"""The A-law code of zero."""
ULAW_SILENCE = 0xFF
"""The mu-law code of zero."""


def alaw_to_pcm16(alaw: bytes) -> bytes:
    """Native-endian 16-bit samples of A-law bytes."""
    return audioop.alaw2lin(alaw, 2)


def pcm16_to_alaw(pcm: bytes) -> bytes:
    """A-law bytes of native-endian 16-bit samples; ``ValueError`` for half a sample."""
    try:
        return audioop.lin2alaw(pcm, 2)
    except audioop.error as error:
        raise ValueError(str(error)) from None


def _converted_once() -> tuple[bytes, bytes]:
    """Both 256-entry tables; converting code by code here makes each frame one ``bytes.translate`` (0.1 us)."""
    codes = bytes(range(256))
    to_ulaw = bytearray(audioop.lin2ulaw(audioop.alaw2lin(codes, 2), 2))
    # A-law has no zero, mu-law has: its smallest values stand for silence and become mu-law's.
    to_ulaw[ALAW_SILENCE], to_ulaw[ALAW_SILENCE ^ 0x80] = ULAW_SILENCE, ULAW_SILENCE ^ 0x80
    return audioop.lin2alaw(audioop.ulaw2lin(codes, 2), 2), bytes(to_ulaw)


ULAW_TO_ALAW, ALAW_TO_ULAW = _converted_once()


def ulaw_to_alaw(ulaw: bytes) -> bytes:
    """A-law of mu-law."""
    return ulaw.translate(ULAW_TO_ALAW)


def alaw_to_ulaw(alaw: bytes) -> bytes:
    """Mu-law of A-law."""
    return alaw.translate(ALAW_TO_ULAW)
