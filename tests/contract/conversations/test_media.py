"""Pictures, voice messages and files: stored at once as pending, fetched, checked by content, heard, never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.domain.command import Applied, Command
from gateway.errors import PermanentDeliveryError, RecogniserUnavailable, StoreUnavailable, TransientDeliveryError
from gateway.following import poll
from gateway.intake.media import worker as media_worker
from gateway.ports.message import MediaRef
from gateway.ports.recogniser import Final
from tests.contract.conversations.house import PHONE, ConversationHouse

pytestmark = pytest.mark.contract
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
SOUNDS = Path(__file__).resolve().parents[2] / "data" / "media"
AMR, OPUS = (SOUNDS / "tone.amr").read_bytes(), (SOUNDS / "tone.ogg").read_bytes()


def heard(text: str) -> list[Final]:
    return [Final(start_ms=0, end_ms=900, text=text, language="zh", confidence=0.9, engine="whisper")]


async def work(house: ConversationHouse) -> None:
    for _ in range(1000):
        if not await house.fetch_due() + await house.hear_due():
            return
    pytest.fail("there is always something due")


async def test_a_picture_is_pending_then_kept_by_its_content(house: ConversationHouse) -> None:
    house.chat.contents["p1"] = PNG
    media = MediaRef(ref="p1", name="../../灯.exe", media_type="text/html")
    record = await house.say("1", kind="image", media=media, identities=PHONE)
    (attachment,) = record["attachments"]
    assert record["empty"] is False
    assert attachment["sha256"] is None
    assert record["interactions"][0]["messages"][0]["attachment_id"] == attachment["attachment_id"]
    await work(house)
    (attachment,) = (await house.database.reader.ticket(record["ticket_id"]))["attachments"]
    assert (attachment["media_type"], attachment["bytes"]) == ("image/png", len(PNG))
    assert attachment["url"] == f"/api/v1/attachments/{attachment['attachment_id']}"
    assert (await house.file_of(attachment)).read_bytes() == PNG
    assert (await house.file_of(attachment)).name == attachment["sha256"]


async def test_a_database_that_is_away_for_a_moment_does_not_leave_what_was_fetched_and_heard_waiting(
    house: ConversationHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would lie leased to this process, which is done with it, for twenty minutes."""
    house.chat.contents["v"] = AMR
    house.heard = heard("路灯不亮三天了")
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"), identities=PHONE)
    execute, away = house.database.changes.execute, [True, False, True, False]

    async def now_and_then(command: Command) -> Applied:
        if away and away.pop(0):
            raise StoreUnavailable("away")
        return await execute(command)

    monkeypatch.setattr(poll, "FIRST_S", 0.01)
    monkeypatch.setattr(house.media, "_store", SimpleNamespace(execute=now_and_then))
    monkeypatch.setattr(house.conversations, "_store", SimpleNamespace(execute=now_and_then))
    await house.fetch_due()
    await house.hear_due()
    assert away == []
    assert (await house.database.reader.ticket(record["ticket_id"]))["demand"]["content"] == "路灯不亮三天了"


async def test_bytes_that_come_along_are_kept_before_the_commit(house: ConversationHouse) -> None:
    record = await house.say("1", "看图", kind="image", media=MediaRef(data=PNG, name="a.png"))
    (attachment,) = record["attachments"]
    assert (await house.file_of(attachment)).read_bytes() == PNG
    assert await house.fetch_due() == 0


@pytest.mark.parametrize(
    ("content", "size", "answer"),
    [
        (b"MZ\x90\x00" + bytes(100), None, "这种文件无法接收"),
        (b"<html><script>alert(1)</script>", None, "这种文件无法接收"),
        (PNG + bytes(200_000), None, "文件太大"),
        (PNG, 10_000_000, "文件太大"),
        (b"", None, "文件是空的"),
    ],
)
async def test_what_is_not_kept_is_told(
    house: ConversationHouse, tmp_path: Path, content: bytes, size: int | None, answer: str
) -> None:
    house.chat.contents["f"] = content
    record = await house.say("1", kind="file", media=MediaRef(ref="f", name="a.png", size=size))
    await work(house)
    assert any(answer in said for said in await house.answers())
    record = await house.database.reader.ticket(record["ticket_id"])
    assert len(record["attachments"]) == 1
    assert record["attachments"][0]["sha256"] is None
    assert not list(tmp_path.rglob(".incoming-*"))


async def test_fetching_goes_on_after_faults_and_gives_up_in_the_end(house: ConversationHouse) -> None:
    house.chat.contents["p"] = TransientDeliveryError("busy", retry_after_s=5)
    record = await house.say("1", kind="image", media=MediaRef(ref="p"))
    await work(house)
    house.chat.contents["p"] = PNG
    assert await house.fetch_due() == 0
    house.clock.forward(6)
    await work(house)
    assert (await house.database.reader.ticket(record["ticket_id"]))["attachments"][0]["sha256"]
    house.chat.contents["q"] = PermanentDeliveryError("gone")
    await house.say("2", kind="image", media=MediaRef(ref="q"))
    await work(house)
    assert "文件没有收到" in (await house.answers())[-1]
    assert "attachment.failed" in await house.types(record["ticket_id"])


@pytest.mark.parametrize("sound", [AMR, OPUS], ids=["amr", "opus"])
async def test_a_voice_message_becomes_the_demand(house: ConversationHouse, sound: bytes) -> None:
    house.chat.contents["v"] = sound
    house.heard = heard("小区停水三天了")
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"), identities=PHONE)
    assert record["prefill"]["pending"] is True
    await work(house)
    record = await house.database.reader.ticket(record["ticket_id"])
    assert record["demand"]["content"] == "小区停水三天了"
    assert record["interactions"][0]["messages"][0]["text"] == "小区停水三天了"
    assert record["prefill"]["pending"] is False
    assert "请问事情发生在哪里" in (await house.answers())[-1]


async def test_a_spoken_answer_goes_to_the_flow(house: ConversationHouse) -> None:
    house.chat.contents["v"] = OPUS
    await house.say("1", "路灯不亮", identities=PHONE)
    await house.say("2", kind="voice", media=MediaRef(ref="v"))
    house.heard = heard("龙华区国贸路十号")
    await work(house)
    record = await house.say("3", "谢谢")
    assert record["place"]["address"] == "龙华区国贸路十号"
    assert any(said.startswith("谢谢，诉求已登记") for said in await house.answers())


async def test_without_a_recogniser_it_waits_and_is_heard_later(house: ConversationHouse) -> None:
    house.chat.contents["v"] = AMR
    house.recogniser_failure = RecogniserUnavailable("none")
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"))
    await work(house)
    house.recogniser_failure = None
    house.heard = heard("小区停水")
    house.clock.forward(400)
    await work(house)
    assert (await house.database.reader.ticket(record["ticket_id"]))["demand"]["content"] == "小区停水"


async def test_a_voice_message_that_says_nothing_is_told(house: ConversationHouse) -> None:
    house.chat.contents["v"] = AMR
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"))
    await work(house)
    assert (await house.answers())[-1].startswith("语音已保存")
    record = await house.database.reader.ticket(record["ticket_id"])
    assert record["prefill"]["pending"] is False
    assert record["attachments"][0]["sha256"]


async def test_words_that_arrive_when_the_conversation_is_over(house: ConversationHouse) -> None:
    house.chat.contents["v"] = AMR
    house.recogniser_failure = RecogniserUnavailable("none")
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"), identities=PHONE)
    await work(house)
    house.clock.forward(2000)
    assert await house.idle.close_due() == 1
    house.recogniser_failure = None
    house.heard = heard("小区停水")
    await work(house)
    record = await house.database.reader.ticket(record["ticket_id"])
    assert record["demand"]["content"] == "小区停水"
    assert len(record["interactions"]) == 1


async def test_a_wake_up_is_not_taken_from_the_listener_by_the_fetcher(
    house: ConversationHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener has just found nothing when a voice message is fetched; the fetcher goes on before it sleeps."""
    monkeypatch.setattr(media_worker, "POLL_S", 3600)
    house.chat.contents["v"] = AMR
    house.heard = heard("小区停水")
    lease, waiting = house.database.attachments.lease, house.database.attachments.waiting
    slow, found_nothing = asyncio.Event(), asyncio.Event()

    async def look(owner: str, **more: Any) -> Any:
        rows = await lease(owner, **more)
        if not rows and found_nothing.is_set():
            idle.append(owner)
        return rows

    async def listen(limit: int, **more: Any) -> Any:
        found = await waiting(limit, **more)
        found_nothing.set()
        await slow.wait()
        return found

    idle: list[str] = []
    monkeypatch.setattr(house.database.attachments, "lease", look)
    monkeypatch.setattr(house.database.attachments, "waiting", listen)
    workers = [asyncio.create_task(one.run()) for one in (house.media.fetching, house.media.hearing)]
    try:
        async with asyncio.timeout(20):
            await found_nothing.wait()
            record = await house.say("1", kind="voice", media=MediaRef(ref="v"), identities=PHONE)
            before = len(idle)
            while len(idle) == before:
                await asyncio.sleep(0.01)
            slow.set()
            while not (await house.database.reader.ticket(record["ticket_id"]))["demand"]["content"]:
                await asyncio.sleep(0.01)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
