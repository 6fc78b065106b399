"""How much of what comes from outside is taken: every cap on a text, in one place.

A cap on characters bounds what reading, masking and storing one thing may cost. What is longer is kept another way or
refused; nothing is dropped in silence.
"""

from __future__ import annotations

MESSAGE_CHARS = 8_000
"""A written message, on every channel. A longer one is kept whole as a text file; the message holds its beginning."""
CONTENT_CHARS = 20_000
"""``demand.content`` of a ticket, and the content of one contact (a longer contact is refused with 422)."""
CONTENT_FULL = "〔内容已满，后续见消息记录 / more in the messages〕"
"""Ends a content that stopped growing."""
SEGMENT_CHARS = 5_000
"""One recognised piece of speech."""
MENTIONS = 4_000
"""Names, numbers, times and sums that a record keeps of everything that was said."""
NAME_CHARS = 100
"""Names of people, and codes."""
LINE_CHARS = 200
"""Addresses, organisations, titles, ids and other things of one line."""
WORD_CHARS = 64
"""Codes, telephone numbers, names of sources."""
PARAGRAPH_CHARS = 4_000
"""A description of Open311, one of its attributes, and what was tried on the spot."""
HANDED_OVER_CHARS = 100_000
"""A message's text as a platform posts it, before the cap on a message cuts it."""
URL_CHARS = 2_000
EXTERNAL_ID_CHARS = 500
"""What a provider calls a message; a longer id is refused."""

LONG_TEXT = 500
"""From so many characters on, a text is read, masked or compared beside the event loop: that takes about 4 ms."""
LONG_BODY = 16_384
"""From so many bytes on, JSON and XML are read beside the event loop."""
BODY_BYTES = 65_536
"""A JSON body of the API; ``CONTACT_BYTES`` of a contact, ``CORRECTION_BYTES`` of a correction with transcripts."""
CONTACT_BYTES = 524_288
CORRECTION_BYTES = 1_048_576
MASKED_PAGE = 100
"""Records on one page for somebody who sees them masked."""


def content_of(text: str) -> str:
    """``text`` as a ticket's content: whole, or its beginning with a mark."""
    return text if len(text) <= CONTENT_CHARS else text[: CONTENT_CHARS - len(CONTENT_FULL)] + CONTENT_FULL


def content_with(content: str | None, more: str) -> str:
    """``content`` with a further message behind it; once it is full it stays as it is."""
    if not content:
        return content_of(more)
    return content if content.endswith(CONTENT_FULL) else content_of(f"{content}\n{more}")


def said_in(content: str) -> int:
    """How many characters of ``content`` somebody said: all but the mark."""
    return len(content.removesuffix(CONTENT_FULL))
