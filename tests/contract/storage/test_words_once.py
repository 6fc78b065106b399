"""What a caller said stands in the transcript once, whoever brings the words when the call is closed already."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.calls.recorder import LocalRecordings
from gateway.domain.words import Disposition
from gateway.errors import StoreUnavailable
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.record import CallRecord
from gateway.intake.call.recover import Recovery
from gateway.intake.call.spool import SpoolingStore
from gateway.ports.call import CallInfo
from gateway.ports.recogniser import Final
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage.database import Database
from tests.contract.storage.changes import event
from tests.support.change import Change
from tests.support.clocks import SetClock
from tests.support.fakes.reading import ReaderHere
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]
LEASE_S = 15
INFO = CallInfo(
    channel_id="hotline",
    call_id="c",
    external_id="c;f",
    from_raw="<sip:13800138000@127.0.0.1>",
    to_raw="<sip:12345@127.0.0.1>",
    from_user="13800138000",
    to_user="12345",
)
FIRST, SECOND, THIRD = "路灯坏了", "在国贸路", "晚上看不见路"


def final(text: str, start_ms: int, end_ms: int) -> Final:
    return Final(start_ms=start_ms, end_ms=end_ms, text=text, language="zh", confidence=None, engine="e")


class Cut:
    """The way of one process to the store, which can be cut."""

    def __init__(self, db: Database) -> None:
        self.db, self.cut = db, False

    async def execute(self, change: Change) -> object:
        if self.cut:
            raise StoreUnavailable("cut off")
        return await self.db.changes.execute(change)


class Two:
    """A voice process whose call is under way, and a worker on another machine."""

    def __init__(self, voice: Database, work: Database, clock: SetClock, folder: Path) -> None:
        self.clock, self.work = clock, work
        prefill = PrefillReader(Gazetteer([]))
        recordings = LocalRecordings(folder / "recordings", min_free_percent=0)
        self.way = Cut(voice)
        self.spool = SpoolingStore(store=self.way, folder=folder / "spool", name="voice")  # type: ignore[arg-type]  # as used
        self.record = CallRecord(
            store=self.spool,
            reader=ReaderHere(prefill),
            clock=clock,
            info=INFO,
            node="n1",
            owner="voice",
            lease=timedelta(seconds=LEASE_S),
            callback_due=timedelta(minutes=30),
        )
        self.live = LiveInteractions(leases=voice.leases, clock=clock, node="n1", owner="voice", lease_s=LEASE_S)
        self.writer = recordings.start(self.record.interaction_id, self.record.started_at)
        self.heard = [final(FIRST, 1000, 2000), final(f"{SECOND}，{THIRD}", 3000, 6000)]
        """What the worker's recogniser makes of the recording: it finds other sentences than the live one."""

        async def transcribe(_path: Path, after_ms: int) -> list[Final]:
            return [heard for heard in self.heard if heard.start_ms >= after_ms]

        self.recovery = Recovery(
            store=work.changes,
            reader=work.reader,
            leases=work.leases,
            recordings=recordings,
            prefill=prefill,
            clock=clock,
            live=LiveInteractions(leases=work.leases, clock=clock, node="n2", owner="w", lease_s=LEASE_S),
            callback_due=timedelta(minutes=30),
            transcribe=transcribe,
            is_gone=lambda _: False,
        )

    async def begin(self) -> None:
        await self.writer.begun(5)
        await self.record.open({"name": "hotline", "version": "1"}, self.writer.location)
        await self.record.answered()
        self.record.said("您好", 0, 800, "zh")
        await self.record.heard(final(FIRST, 1000, 2000))
        for _ in range(200):
            self.writer.write(bytes(160), bytes(160))

    async def recover(self) -> None:
        """The worker sees the lease stand, closes the call and transcribes it."""
        for _ in range(2 * LEASE_S // 5 + 1):
            await self.recovery.sweep()
            await self.recovery.catch_up()
            self.clock.forward(5)

    async def end(self) -> None:
        finished = self.writer.close()
        await self.record.close(
            disposition=Disposition.COMPLETED,
            proved=True,
            keys=[],
            recording=finished,
            spoken_ms=4000,
            transcribed=False,
            media=True,
        )
        await self.record.transcribed(speech_ms=4000)

    async def told(self, speaker: str = "requester") -> str:
        (own,) = (await self.work.reader.ticket(self.record.ticket_id))["interactions"]
        assert own["disposition"] == "completed"
        return "，".join(s["text"] for s in own["transcript"] if s["speaker"] == speaker)


@pytest.fixture
async def two(opened: Open, clock: SetClock, tmp_path: Path) -> Two:
    found = Two(await opened(), await opened(), clock, tmp_path)
    await found.begin()
    return found


async def test_a_spool_that_is_replayed_after_the_recording_was_transcribed(two: Two) -> None:
    two.way.cut = True
    two.record.said("请讲", 2100, 2800, "zh")
    await two.record.heard(final(SECOND, 3000, 4200))
    await two.record.heard(final(THIRD, 4400, 6000))
    await two.end()
    await two.recover()
    two.way.cut = False
    assert await two.spool.drain() == 1
    assert await two.told() == f"{FIRST}，{SECOND}，{THIRD}"
    assert await two.told("bot") == "您好，请讲"


async def test_an_owner_that_stood_still_goes_on_with_its_call(two: Two) -> None:
    await two.recover()
    await two.live.adopt(two.record.interaction_id)
    two.record.said("请讲", 2100, 2800, "zh")
    await two.record.heard(final(SECOND, 3000, 4200))
    await two.record.heard(final(THIRD, 4400, 6000))
    await two.record.heard(final("谢谢", 7000, 7500))
    await two.end()
    assert await two.told() == f"{FIRST}，{SECOND}，{THIRD}，谢谢"
    assert await two.told("bot") == "您好，请讲"


async def test_the_same_words_once_more_are_nothing_new(two: Two) -> None:
    await two.end()
    late = Change(ticket_id=two.record.ticket_id, interaction_id=two.record.interaction_id, events=(event("late"),))
    before = await two.told()
    await two.record.heard(final("谢谢", 7000, 7500))
    await two.way.execute(late)
    two.record._seq -= 1
    await two.record.heard(final("谢谢", 7000, 7500))
    assert await two.told() == f"{before}，谢谢"
