"""Voice messages are heard in turn, and a file that ends its decoder holds up nobody but its sender."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.intake.media.worker import DECODINGS
from gateway.media.decoding import DecodingLimits, SoundDecoder
from gateway.ports.message import MediaRef
from gateway.ports.recogniser import Final
from gateway.storage.database import Database
from tests.contract.conversations.house import ConversationHouse
from tests.support.clocks import SetClock
from tests.support.stores import Open

pytestmark = pytest.mark.contract
TESTS = Path(__file__).resolve().parents[2]
VOICE = (TESTS / "data" / "sounds" / "tone.amr").read_bytes()
BAD = (sys.executable, "-I", str(TESTS / "support" / "bad_decoder.py"))
HEARD = [Final(start_ms=0, end_ms=500, text="小区停水三天了", language="zh", confidence=0.9, engine="whisper")]


def listening(db: Database, clock: SetClock, folder: Path) -> ConversationHouse:
    """Its decoder does to itself what some files ask for, within small limits."""
    limits = DecodingLimits(cpu_s=1, memory_bytes=256 << 20)
    made = ConversationHouse(db, clock, folder, decoder=SoundDecoder(limits, command=BAD))
    made.heard = HEARD
    return made


@pytest.fixture
def house(db: Database, clock: SetClock, tmp_path: Path) -> ConversationHouse:
    return listening(db, clock, tmp_path)


async def send(house: ConversationHouse, sender: str, content: bytes, name: str = "a.amr") -> str:
    """A voice message; its ticket."""
    number = len(house.chat.contents)
    house.chat.contents[f"v{number}"] = content
    media = MediaRef(ref=f"v{number}", name=name)
    record = await house.say(f"m{number}", sender=sender, kind="voice", media=media)
    await house.fetch_due()
    house.clock.forward(1)
    return str(record["ticket_id"])


async def hear(house: ConversationHouse) -> None:
    for _ in range(100):
        if not await house.hear_due():
            return
    pytest.fail("there is always something due")


async def text(house: ConversationHouse, ticket_id: str) -> str | None:
    record = await house.database.reader.ticket(ticket_id)
    found: str | None = record["interactions"][0]["messages"][0]["text"]
    return found


@pytest.mark.parametrize("does", ["SPIN", "EAT", "CRASH", "TALK"])
async def test_a_file_that_ends_its_decoder_is_given_up_and_the_next_is_heard(
    house: ConversationHouse, does: str
) -> None:
    harmful = await send(house, "eve", f"#!AMR\n{does}".encode())
    honest = await send(house, "li", VOICE)
    assert await house.hear_due() == 1  # the harmful one, which came first
    assert await house.hear_due() == 1
    assert await text(house, honest) == "小区停水三天了"
    for _ in range(DECODINGS):
        house.clock.forward(400)
        await hear(house)
    record = await house.database.reader.ticket(harmful)
    (attachment,) = record["attachments"]
    assert attachment["error"] == "not_decodable"
    assert attachment["sha256"] is not None
    assert record["prefill"]["pending"] is False
    failed = [e for e in await house.database.reader.events(ticket_id=harmful) if e["type"] == "attachment.failed"]
    assert [event["data"]["reason"] for event in failed] == ["not_decodable"]
    assert "无法播放" in (await house.answers("eve"))[-1]


async def test_many_messages_of_one_person_do_not_stand_before_anothers(house: ConversationHouse) -> None:
    talkative = [await send(house, "eve", VOICE) for _ in range(4)]
    others = [await send(house, sender, VOICE) for sender in ("li", "wang")]
    for _ in range(3):
        assert await house.hear_due() == 1
    assert [await text(house, ticket) for ticket in others] == ["小区停水三天了"] * 2
    await hear(house)
    record = await house.database.reader.ticket(talkative[-1])
    said = [m["text"] for m in record["interactions"][0]["messages"] if m["direction"] == "inbound"]
    assert said == ["小区停水三天了"] * 4


async def test_whoever_died_of_a_file_has_counted_it(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    dead: set[str] = set()
    house = listening(await opened(is_gone=dead.__contains__), clock, tmp_path)
    ticket = await send(house, "eve", VOICE)
    store = house.database.attachments
    for n in range(DECODINGS):
        (waiting,) = await store.waiting(10, lease_s=60)
        row = await store.lease_voice(f"dying-{n}", waiting.attachment_id, lease_s=600)
        assert row is not None
        assert await store.lease_voice("b", waiting.attachment_id, lease_s=600) is None
        dead.add(f"dying-{n}")
    await hear(house)
    (attachment,) = (await house.database.reader.ticket(ticket))["attachments"]
    assert attachment["error"] == "not_decodable"


async def test_what_came_through_its_decoder_waits_for_a_recogniser_as_often_as_need_be(
    opened: Open, clock: SetClock, tmp_path: Path
) -> None:
    house = listening(await opened(is_gone=lambda owner: owner == "dead"), clock, tmp_path)
    ticket = await send(house, "li", VOICE)
    (waiting,) = await house.database.attachments.waiting(10, lease_s=60)
    for _ in range(DECODINGS + 2):
        assert await house.database.attachments.lease_voice("dead", waiting.attachment_id, lease_s=600) is not None
        await house.database.attachments.decoded(waiting.attachment_id)
    await hear(house)
    assert await text(house, ticket) == "小区停水三天了"


@pytest.mark.parametrize(
    "content", ["ffconcat version 1.0\nfile '/etc/passwd'\nduration 0\n" * 20, "#EXTM3U\nhttp://127.0.0.1/x.ts\n"]
)
async def test_a_list_named_as_sound_is_kept_as_text_and_never_decoded(
    db: Database, clock: SetClock, tmp_path: Path, content: str
) -> None:
    house = ConversationHouse(db, clock, tmp_path, decoder=SoundDecoder(command=("/nonexistent/decoder",)))
    ticket = await send(house, "eve", content.encode(), "x.mp3")
    await hear(house)
    (attachment,) = (await house.database.reader.ticket(ticket))["attachments"]
    assert (attachment["media_type"], attachment["error"]) == ("text/plain", "not_understood")
