"""Commit notices as short JSON texts, which every carrier between processes takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from gateway.domain.commit import Commit

MOST_CHARS = 7900
"""Of one text: a notice of PostgreSQL holds 7,999 bytes, 27 of which name its sender."""


def texts(commits: Iterable[Commit]) -> Iterator[str]:
    """``commits`` as few texts. One that wrote to too many conversations for a text does not name them."""
    parts: list[str] = []
    size = 0
    for commit in commits:
        part = _text(commit)
        if len(part) > MOST_CHARS - 2:
            part = _text(Commit(commit.first, commit.last, None, todo=commit.todo))
        if parts and size + len(part) > MOST_CHARS - 2:
            yield f"[{','.join(parts)}]"
            parts, size = [], 0
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield f"[{','.join(parts)}]"


def commits_of(text: str | bytes) -> list[Commit]:
    """The commits of a text; ``ValueError`` for anything else."""
    try:
        return [_commit(*entry) for entry in json.loads(text)]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("these are no commits") from error


def _text(commit: Commit) -> str:
    threads = None if commit.threads is None else sorted(commit.threads)
    return json.dumps([commit.first, commit.last, int(commit.todo), threads], separators=(",", ":"))


def _commit(first: object, last: object, todo: object, threads: object) -> Commit:
    if not (isinstance(first, int) and isinstance(last, int) and 0 < first <= last):
        raise ValueError("a commit goes from its first event_seq to its last")
    if threads is not None and not (isinstance(threads, list) and all(isinstance(tag, str) for tag in threads)):
        raise ValueError("threads are tags")
    return Commit(first, last, None if threads is None else frozenset(threads), todo=bool(todo))
