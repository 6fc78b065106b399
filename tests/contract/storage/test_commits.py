"""What a process knows of the commits of others: told of once, and found by a look when nobody told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.commit import Commit, thread_tag
from gateway.domain.ids import new_ulid
from gateway.domain.messages import NewMessage, Queued
from tests.contract.storage.changes import written
from tests.support.change import Thread
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE, Open
from tests.support.waiting import until

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def test_every_commit_is_told_of_once_and_what_is_heard_is_not_told_again(opened: Open) -> None:
    db, other = await opened(poll_s=600), await opened(poll_s=600)
    await other.net.look()
    own, others = db.committed.own(), other.committed.others()
    following = other.reader.watch(0)
    for n in range(1, 4):
        told, heard = asyncio.create_task(anext(own)), asyncio.create_task(anext(others))
        follows = asyncio.create_task(anext(following))
        await asyncio.sleep(0.05)
        assert not told.done()
        assert not heard.done()
        await db.changes.execute(written(str(n)))
        async with asyncio.timeout(30):
            commits = await told
            assert commits == [Commit(2 * n - 1, 2 * n)]
            assert other.committed.hear(commits[0])
            assert await heard == commits
            assert (await follows)["event_seq"] == 2 * n - 1
            assert (await anext(following))["event_seq"] == 2 * n
    silent = asyncio.create_task(anext(others))
    assert not other.committed.hear(Commit(3, 4))  # it has come another way
    await asyncio.sleep(0.05)
    assert not silent.done()
    assert not other.committed.doubtful
    silent.cancel()
    await asyncio.gather(silent, return_exceptions=True)
    for each in (own, others, following):
        await each.aclose()


async def test_what_nobody_told_of_is_found_with_its_conversations(opened: Open) -> None:
    """The look at the log, whether by its time or because commits are missing between those told of."""
    db, other = await opened(), await opened(poll_s=600)
    await other.net.look()
    others = other.committed.others()
    found = asyncio.create_task(anext(others))
    await asyncio.sleep(0)
    applied = await db.changes.execute(written("1", thread=Thread(channel_id="chat", sender="li")))
    await other.net.look()
    missed = Commit(1, applied.event_seq, frozenset({thread_tag("chat", "li")}), todo=True)
    assert await found == [missed]
    await other.net.look()  # nothing more

    other.committed.hear(None)
    net = asyncio.create_task(other.net.run())
    await until(lambda: not other.committed.doubtful, "the net's first look")
    found = asyncio.create_task(anext(others))
    await asyncio.sleep(0)
    first = await db.changes.execute(written("2", thread=Thread(channel_id="chat", sender="wang")))
    last = await db.changes.execute(written("later"))
    other.committed.hear(Commit(first.event_seq + 1, last.event_seq))
    seen: list[Commit] = []
    async with asyncio.timeout(30):
        seen += await found
        while thread_tag("chat", "wang") not in set().union(*(c.threads or () for c in seen)):
            seen += await anext(others)
    assert other.committed.look() == last.event_seq
    net.cancel()
    await asyncio.gather(net, return_exceptions=True)
    await others.aclose()


async def test_a_database_that_was_set_back_is_looked_at_anew(opened: Open) -> None:
    db = await opened()
    await db.changes.execute(written("0"))
    db.committed.hear(Commit(1, 900))
    await db.net.look()
    db.committed.hear(Commit(3, 1000))  # what it knows lies before the log's end now
    others = db.committed.others()
    found = asyncio.create_task(anext(others))
    await asyncio.sleep(0)
    await db.net.look()
    assert await found == [Commit(1, 2, None, todo=True)]
    assert db.committed.look() == 2
    assert not db.committed.doubtful
    await others.aclose()


async def test_a_commit_names_the_conversations_that_it_wrote_to_and_whether_something_has_to_be_sent(
    opened: Open,
) -> None:
    db = await opened()
    own = db.committed.own()
    for sender, taken in (("li", False), ("wang", True)):
        told = asyncio.create_task(anext(own))
        await asyncio.sleep(0)
        answer = NewMessage(
            message_id=new_ulid(),
            direction="outbound",
            sent_at=NOON,
            text="已登记",
            queue=Queued(channel_id="chat", recipient=sender, taken=taken),
        )
        change = written(sender, thread=Thread(channel_id="chat", sender=sender))
        applied = await db.changes.execute(replace(change, messages=(*change.messages, answer)))
        tag = frozenset({thread_tag("chat", sender)})
        assert await told == [Commit(applied.event_seq - 1, applied.event_seq, tag, todo=not taken)]
    await own.aclose()
