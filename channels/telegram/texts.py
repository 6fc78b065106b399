"""Long texts in pieces that Telegram takes."""

from __future__ import annotations

UNITS = 4096
"""UTF-16 code units of one message (Bot API, sendMessage)."""


def pieces(text: str) -> list[str]:
    """``text`` in pieces of at most ``UNITS``, cut behind a near end of a sentence where there is one."""
    found: list[str] = []
    rest = text
    while (cut := _fitting(rest)) < len(rest):
        near = max(rest.rfind(mark, cut * 3 // 4, cut) for mark in "\n。！？；.!?")
        cut = near + 1 if near >= 0 else cut
        found.append(rest[:cut])
        rest = rest[cut:]
    return [*found, rest] if rest or not found else found


def _fitting(text: str) -> int:
    """How many characters fit into one message."""
    units = 0
    for at, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004 - beyond it a character takes two units
        if units > UNITS:
            return at
    return len(text)
