"""What watchers of a conversation have at hand, and when it has to be read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.domain.commit import thread_tag
from gateway.intake.channel.watchers import KEPT, Watchers
from gateway.ports.message import StoredMessage

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 23, tzinfo=UTC)


def message(seq: int) -> StoredMessage:
    return StoredMessage(
        seq=seq,
        message_id=f"m{seq}",
        direction="inbound",
        sent_at=AT,
        kind="text",
        text="路灯不亮",
        attachment_id=None,
        external_id=None,
        delivery=None,
        ticket_no=None,
    )


async def test_what_was_just_written_is_at_hand_for_those_who_have_the_rest() -> None:
    watchers = Watchers()
    async with watchers.watch("web", "li"):
        assert watchers.newest("web", "li", 0) is None
        watchers.wake("web", "li", [message(4), message(5)])
        watchers.wake("web", "li", [message(6)])
        assert [m.seq for m in watchers.newest("web", "li", 4) or ()] == [5, 6]
        assert watchers.newest("web", "li", 6) == []
        assert watchers.newest("web", "li", 2) is None
        assert watchers.newest("web", "wang", 0) is None
    assert watchers.newest("web", "li", 4) is None
    assert not watchers


async def test_any_other_change_and_any_gap_has_to_be_read() -> None:
    watchers = Watchers()
    async with watchers.watch("web", "li"):
        watchers.wake("web", "li", [message(1)])
        watchers.wake("web", "li")
        assert watchers.newest("web", "li", 0) is None
        watchers.wake("web", "li", [message(2)])
        watchers.wake("web", "li", [message(5)])
        assert watchers.newest("web", "li", 1) is None
        assert [m.seq for m in watchers.newest("web", "li", 4) or ()] == [5]


async def test_only_so_many_are_kept() -> None:
    watchers = Watchers()
    async with watchers.watch("web", "li"):
        for seq in range(1, 3 * KEPT):
            watchers.wake("web", "li", [message(seq)])
        assert len(watchers.newest("web", "li", 2 * KEPT - 1) or ()) == KEPT
        assert watchers.newest("web", "li", KEPT) is None


async def test_what_another_process_writes_wakes_whose_conversation_it_is_and_has_to_be_read() -> None:
    watchers = Watchers()
    async with watchers.watch("web", "li") as li, watchers.watch("web", "wang") as wang:
        news = {"li": asyncio.create_task(anext(li)), "wang": asyncio.create_task(anext(wang))}
        await asyncio.sleep(0)
        watchers.wake("web", "li", [message(1)])
        await news["li"]
        again = asyncio.create_task(anext(li))
        await asyncio.sleep(0)
        watchers.hear({thread_tag("web", "li"), thread_tag("other", "wang"), thread_tag("web", "zhao")})
        await again
        assert watchers.newest("web", "li", 0) is None
        assert not news["wang"].done()
        watchers.hear(None)
        await news["wang"]
    watchers.hear({thread_tag("web", "li")})
    assert not watchers
