"""What processes tell each other of a commit: how far the event log goes, and whose conversations were written to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_TAG_BYTES = 8


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, as a hint: who acts on it reads the record."""

    first: int
    """The first event_seq that it drew; there are no gaps between commits."""
    last: int
    threads: frozenset[str] | None = frozenset()
    """``thread_tag`` of each conversation that was written to; None: not known, it may be any."""
    todo: bool = False
    """Whether it left something to send or to fetch."""


def thread_tag(channel_id: str, sender: str) -> str:
    """Names a conversation where its person must not be named: 16 hex digits, the same in every process.

    Two conversations may share one; then both are looked at.
    """
    named = f"{channel_id}\0{sender}".encode(errors="surrogatepass")
    return hashlib.blake2b(named, digest_size=_TAG_BYTES).hexdigest()
