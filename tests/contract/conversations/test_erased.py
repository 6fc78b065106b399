"""Somebody who wrote to us is erased while workers are at it, and writes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.calls.recorder import LocalRecordings
from gateway.domain.words import Disposition
from gateway.intake.media import worker as media_worker
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.left_on_disk import LeftOnDisk
from gateway.ports.message import MediaRef, Receipt
from gateway.ports.recogniser import Final
from tests.contract.conversations.house import PHONE, ConversationHouse
from tests.contract.conversations.test_media import AMR, PNG, heard, work
from tests.contract.erasure.person import withdrawn

pytestmark = pytest.mark.contract
WORDS = "我是张卫国，楼下的烧烤摊半夜还在吵"


@pytest.fixture
def erasure(house: ConversationHouse, tmp_path: Path) -> Erasure:
    recordings = LocalRecordings(tmp_path / "recordings", min_free_percent=0)
    disk = LeftOnDisk(tmp_path)
    return Erasure(
        store=house.database.erasures,
        commands=house.database.changes,
        clock=house.clock,
        recordings=recordings,
        files=house.files,
        disk=disk,
    )


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "attachments").rglob("*") if path.is_file()]


async def test_a_file_that_is_fetched_meanwhile_does_not_stay(
    house: ConversationHouse, erasure: Erasure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_worker, "SETTLED_S", 0)
    monkeypatch.setattr("gateway.intake.media.attachment_files.SETTLED_S", 0)
    record = await house.say("1", kind="image", media=MediaRef(ref="p"), identities=PHONE)
    await house.say("2", kind="event", event="end")

    async def fetch(_: MediaRef) -> AsyncIterator[bytes]:
        yield PNG[:100]
        await erasure.ticket(record["ticket_id"], actor="cli:wang")
        yield PNG[100:]

    monkeypatch.setattr(house.chat, "fetch", fetch)
    assert await house.fetch_due() == 1
    assert files(tmp_path) == []
    assert await house.fetch_due() == 0, "nobody fetches it again"
    assert "attachment.stored" not in await house.types(record["ticket_id"])


async def test_a_file_of_somebody_else_stays_though_it_is_the_same(
    house: ConversationHouse, erasure: Erasure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_worker, "SETTLED_S", 0)
    await house.say("0", kind="image", media=MediaRef(data=PNG, name="a.png"), sender="wang")
    record = await house.say("1", kind="image", media=MediaRef(ref="p"), identities=PHONE)
    await house.say("2", kind="event", event="end")

    async def fetch(_: MediaRef) -> AsyncIterator[bytes]:
        await erasure.ticket(record["ticket_id"], actor="cli:wang")
        yield PNG

    monkeypatch.setattr(house.chat, "fetch", fetch)
    await house.fetch_due()
    assert len(files(tmp_path)) == 1


async def test_words_that_are_heard_meanwhile_do_not_come_in(
    house: ConversationHouse, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.intake.media.attachment_files.SETTLED_S", 0)
    record = await house.say("1", kind="voice", media=MediaRef(data=AMR, name="a.amr"), identities=PHONE)
    await house.say("2", kind="event", event="end")

    async def hear(_: Path, __: int) -> list[Final]:
        await withdrawn(house.database, record["ticket_id"])
        await erasure.ticket(record["ticket_id"], actor="cli:wang")
        return heard(WORDS)

    monkeypatch.setattr(house.media, "_transcribe", hear)
    await work(house)
    left = await house.database.reader.ticket(record["ticket_id"])
    assert WORDS not in repr(left)
    assert left["prefill"]["pending"] is False


async def test_who_writes_again_is_answered_as_somebody_new(house: ConversationHouse, erasure: Erasure) -> None:
    before = await house.say("1", WORDS, identities=PHONE)
    await house.say("2", kind="event", event="end")
    await house.deliver()
    (sent,) = [m for m in before["interactions"][0]["messages"] if m["direction"] == "outbound"]
    assert sent["delivery"] == "queued"
    await withdrawn(house.database, before["ticket_id"])
    await erasure.ticket(before["ticket_id"], actor="cli:wang")
    assert await house.conversations.history("web", "li") == []
    late = Receipt(channel_id="web", external_id="out-1", state="delivered", at=house.clock.now())
    await house.conversations.receipt(late)
    record = before
    for n, said in enumerate(("谢谢", "我的工单进度怎么样了", before["ticket_no"], "龙华区的路灯坏了"), start=3):
        record = await house.say(str(n), said, identities=PHONE)
        assert record["ticket_id"] != before["ticket_id"]
    assert record["requester"]["requester_id"] != before["requester"]["requester_id"]
    assert len(await house.answers()) >= 3
    assert not any(before["ticket_no"][-7:] in (answer or "") for answer in await house.answers())


async def test_what_is_being_sent_is_booked_nowhere(house: ConversationHouse, erasure: Erasure) -> None:
    house.chat.hold = asyncio.Event()
    record = await house.say("1", WORDS, identities=PHONE)
    await house.say("2", kind="event", event="end")
    assert await house.outbox.sending.step()
    await withdrawn(house.database, record["ticket_id"])
    await erasure.ticket(record["ticket_id"], actor="cli:wang")
    version = (await house.database.reader.ticket(record["ticket_id"]))["version"]
    house.chat.hold.set()
    await house.outbox.sending.settled()
    left = await house.database.reader.ticket(record["ticket_id"])
    assert left["version"] == version
    assert left["interactions"][0]["disposition"] in set(Disposition)
    assert not await house.outbox.sending.step(), "the rest is not sent"
