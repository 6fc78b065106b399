"""Views of records are made once for each version and viewer, beside the loop, and what is kept is bounded."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from gateway.domain import masking
from gateway.web.auth import ADMIN, READ, Principal
from gateway.web.masked import MaskedRecords

pytestmark = pytest.mark.unit
READER = Principal(actor="token:r", name="r", scopes=frozenset({READ}))
CHIEF = Principal(actor="user:c", name="c", scopes=frozenset({ADMIN}))


def record(n: int = 1, *, version: int = 1, content: str = "电话13800138000") -> dict[str, Any]:
    return {
        "ticket_id": f"t{n}",
        "version": version,
        "event_seq": 10 * n + version,
        "requester": {"name": "张三", "phone": "+8613800138000", "secret": False, "anonymous": False},
        "demand": {"title": None, "content": content, "complained_about": None},
        "interactions": [],
    }


class Maker:
    """Makes views, and remembers of what and where."""

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []
        self.threads: set[int] = set()

    def __call__(self, one: dict[str, Any]) -> bytes:
        self.made.append((one["ticket_id"], one["version"]))
        self.threads.add(threading.get_ident())
        return json.dumps(one["demand"]["content"]).encode()


async def test_what_a_viewer_gets_is_what_masking_says() -> None:
    masked, one = MaskedRecords(), record()
    assert [json.loads(item) for item in await masked.items([one], READER)] == [masking.record(one)]
    assert [json.loads(item) for item in await masked.items([one], CHIEF)] == [one]
    assert await masked.told(one, READER, lambda told: told["demand"]["content"]) == "电话138****8000"
    assert await masked.told(one, CHIEF, lambda told: told["demand"]["content"]) == "电话13800138000"


async def test_a_view_is_made_once_for_a_version_beside_the_loop() -> None:
    masked, make = MaskedRecords(), Maker()
    records = [record(n) for n in range(25)]
    first = await masked.views(records, "x", make)
    assert await masked.views(records, "x", make) == first
    assert [ticket for ticket, _ in make.made] == [f"t{n}" for n in range(25)]
    assert threading.get_ident() not in make.threads
    await masked.views([record(3, version=2), *records], "x", make)
    assert make.made[25:] == [("t3", 2)]
    await masked.views(records[:1], "another viewer", make)
    assert make.made[26:] == [("t0", 1)]


async def test_views_asked_for_at_once_are_made_once() -> None:
    masked, make = MaskedRecords(), Maker()
    records = [record(n) for n in range(10)]
    found = await asyncio.gather(*(masked.views(records, "x", make) for _ in range(5)))
    assert all(one == found[0] for one in found)
    assert len(make.made) == len(records)


async def test_what_is_kept_is_bounded_and_what_is_too_large_is_not_kept() -> None:
    masked, make = MaskedRecords(most_bytes=4000), Maker()
    small = [record(n, content="x" * 400) for n in range(30)]
    for _ in range(2):
        assert len(await masked.views(small, "x", make)) == len(small)
    assert len(make.made) == 2 * len(small)  # thirty do not fit: the first ones had made room when they came again
    assert len(await masked.views(small[-5:], "x", make)) == 5
    assert len(make.made) == 2 * len(small)
    huge = [record(99, content="x" * 1000)]
    for _ in range(2):
        await masked.views(huge, "x", make)
    assert make.made[-2:] == [("t99", 1)] * 2
    await masked.views(small[-5:], "x", make)
    assert len(make.made) == 2 * len(small) + 2


async def test_what_is_pushed_out_while_others_are_made_is_still_given() -> None:
    masked, make = MaskedRecords(most_bytes=4000), Maker()
    small = [record(n, content="x" * 400) for n in range(9)]
    await masked.views(small, "x", make)
    newer = [record(100 + n, content="y" * 400) for n in range(9)]
    mixed = [*small[:5], *newer[:5]]
    found = await asyncio.gather(*(masked.views(some, "x", make) for some in (newer, mixed, small, mixed)))
    assert [json.loads(view)[0] for view in found[1]] == ["x"] * 5 + ["y"] * 5
    assert found[1] == found[3]


async def test_a_fault_in_one_record_leaves_nothing_behind() -> None:
    masked = MaskedRecords()

    def broken(one: dict[str, Any]) -> bytes:
        raise KeyError(one["ticket_id"])

    with pytest.raises(KeyError):
        await masked.views([record()], "x", broken)
    assert await masked.views([record()], "x", Maker()) == [json.dumps("电话13800138000").encode()]
