"""Masked records: made in a thread, a few at a time, and cached by kind of viewer.

This is the one place where the web room masks. What is made of a record is kept by ticket, version and kind of viewer;
the rules of ``gateway.domain.masking`` need no place in the key, because what is kept dies with the process whose code
they are. It is kept as bytes, so that what it costs is known.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from gateway.domain import masking
from gateway.ports.store import Record
from gateway.web.auth import Principal

MOST_BYTES = 64 * 1024 * 1024
"""What is kept at most, in this process."""
AT_ONCE = 10
"""Records made in one turn, before those of another request."""
T = TypeVar("T")
Key = tuple[str, str, int, int]


def encoded(data: Any) -> bytes:
    """``data`` as compact UTF-8 JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def viewer(principal: Principal) -> str:
    """The kind of viewer that ``principal`` is: all of a kind see the same."""
    return "all" if principal.sees_all else "reader"


def shown(record: Record, kind: str) -> Record:
    """``record`` as that kind of ``viewer`` may see it. Takes time in proportion to its texts."""
    return record if kind == "all" else masking.record(record)


def callback_shown(task: Record, kind: str) -> Record:
    """A callback task as that kind of ``viewer`` may see it; ``hidden`` itself is told to nobody."""
    told = task if kind == "all" else masking.callback(task)
    return {key: value for key, value in told.items() if key != "hidden"}


class MaskedRecords:
    """What was made of records, for every handler of the application."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is kept yet."""
        self._most = most_bytes
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0
        self._turn = asyncio.Lock()
        """One thread at a time: the interpreter runs no two of them at once anyhow."""

    async def items(self, records: Sequence[Record], principal: Principal) -> list[bytes]:
        """The JSON of each list item, as ``principal`` may see it."""
        kind = viewer(principal)
        if kind == "all":
            return await asyncio.to_thread(_all, encoded, records)
        return await self.views(records, f"item {kind}", lambda record: encoded(shown(record, kind)))

    async def told(self, record: Record, principal: Principal, then: Callable[[Record], T]) -> T:
        """``then`` of a whole record as ``principal`` may see it; in a thread, and it may alter what it is given."""
        kind = viewer(principal)
        if kind == "all":
            return await asyncio.to_thread(then, record)
        (view,) = await self.views((record,), f"whole {kind}", lambda whole: encoded(shown(whole, kind)))
        return await asyncio.to_thread(lambda: then(json.loads(view)))

    async def views(self, records: Sequence[Record], kind: str, make: Callable[[Record], bytes]) -> list[bytes]:
        """What ``make`` makes of each of ``records``; ``kind`` names everything else that it depends on."""
        found: list[bytes] = []
        for at in range(0, len(records), AT_ONCE):
            some = {_key(record, kind): record for record in records[at : at + AT_ONCE]}
            views = self._at_hand(some)
            if len(views) < len(some):
                async with self._turn:
                    views = self._at_hand(some)  # somebody may have made them meanwhile
                    missing = {key: record for key, record in some.items() if key not in views}
                    made = await asyncio.to_thread(_all, make, missing.values())
                for key, view in zip(missing, made, strict=True):
                    views[key] = view
                    self._keep(key, view)
            found += [views[_key(record, kind)] for record in records[at : at + AT_ONCE]]
        return found

    def _at_hand(self, keys: Iterable[Key]) -> dict[Key, bytes]:
        found = {key: self._kept[key] for key in keys if key in self._kept}
        for key in found:
            self._kept.move_to_end(key)
        return found

    def _keep(self, key: Key, view: bytes) -> None:
        if len(view) > self._most // 8 or key in self._kept:
            return
        self._kept[key] = view
        self._bytes += len(view)
        while self._bytes > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


def _key(record: Record, kind: str) -> Key:
    return kind, record["ticket_id"], record["version"], record["event_seq"]


def _all(make: Callable[[Record], bytes], records: Iterable[Record]) -> list[bytes]:
    return [make(record) for record in records]
