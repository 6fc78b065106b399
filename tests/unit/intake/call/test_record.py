"""What a call writes while somebody speaks: each segment and the form it fills are one change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.change import TICKET_NO, Applied, Change
from gateway.domain.words import Disposition
from gateway.intake.call.record import MIN_SPEECH_MS, CallRecord
from gateway.intake.call.texting import Texting
from gateway.ports.call import CallInfo
from gateway.ports.clock import SystemClock
from gateway.ports.numbers import DialPlan
from gateway.ports.recogniser import Final
from gateway.ports.speech import SpeechReader
from gateway.prefill.reader import Prefill
from tests.support.fakes.reading import ReaderHere
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit


INFO = CallInfo(
    channel_id="hotline",
    call_id="c",
    external_id="c;f",
    from_raw="<sip:13800000000@127.0.0.1>",
    to_raw="<sip:12345@127.0.0.1>",
    from_user="13800000000",
    to_user="12345",
)


class Kept:
    """A ``ChangeStore`` that keeps what it is given."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def apply(self, change: Change) -> Applied:
        self.changes.append(change)
        return Applied(ticket_id="t", ticket_no="20261123000001", interaction_id="i", version=1, event_seq=1)


def heard(text: str, start_ms: int) -> Final:
    return Final(start_ms=start_ms, end_ms=start_ms + 900, text=text, language="zh", confidence=0.9, engine="whisper")


@pytest.fixture(scope="module")
def prefill() -> Prefill:
    return city_prefill()


def call(store: Kept, reader: SpeechReader, info: CallInfo = INFO) -> CallRecord:
    return CallRecord(
        store=store,
        reader=reader,
        clock=SystemClock(),
        info=info,
        node="here",
        lease=timedelta(seconds=15),
        callback_due=timedelta(hours=1),
    )


async def test_a_segment_and_the_form_it_fills_are_one_change(prefill: Prefill) -> None:
    store = Kept()
    record = call(store, ReaderHere(prefill))
    await record.heard(heard("我在秀英区长流震", 0))
    await record.heard(heard("这里的路灯坏了", 1_000))
    first, second = store.changes
    assert [(s.text, s.corrected_text) for s in first.segments] == [("我在秀英区长流震", "我在秀英区长流镇")]
    assert {g.path: g.value for g in first.guesses}["place.street"]["name"] == "长流镇"
    assert [s.text for s in second.segments] == ["这里的路灯坏了"]
    filled = {g.path: g.value for g in second.guesses}
    assert filled["demand.content"] == "我在秀英区长流镇，这里的路灯坏了"
    assert filled["demand.category"]["code"] == "040201"
    assert filled["place.street"]["name"] == "长流镇", "what was said before is still there"


async def test_words_that_nobody_could_read_are_kept_and_read_with_the_next_ones(prefill: Prefill) -> None:
    store, reader = Kept(), ReaderHere(prefill)
    record = call(store, reader)
    reader.away = True
    await record.heard(heard("我在秀英区长流震", 0))
    reader.away = False
    await record.heard(heard("这里的路灯坏了", 1_000))
    first, second = store.changes
    assert [s.text for s in first.segments] == ["我在秀英区长流震"]
    assert not first.guesses
    assert first.ticket_fields == {("empty",): False}, "the words are there, whoever reads them"
    filled = {g.path: g.value for g in second.guesses}
    assert filled["demand.content"] == "我在秀英区长流镇，这里的路灯坏了"
    assert filled["place.street"]["name"] == "长流镇"


@pytest.mark.parametrize("back", [True, False])
async def test_a_call_whose_words_are_unread_is_read_at_its_end_or_left_to_recovery(
    prefill: Prefill, *, back: bool
) -> None:
    store, reader = Kept(), ReaderHere(prefill)
    record = call(store, reader)
    reader.away = True
    await record.heard(heard("秀英区长流镇这里的路灯坏了", 0))
    reader.away = not back
    await record.transcribed(speech_ms=0)
    completed = [c for c in store.changes if any(e.type == "transcript.completed" for e in c.events)]
    if not back:
        assert not completed, "pending still"
        return
    assert {g.path: g.value for g in completed[0].guesses}["place.street"]["name"] == "长流镇"
    assert completed[0].ticket_fields["prefill", "pending"] is False


@pytest.mark.parametrize("proved", [True, False])
async def test_a_number_is_called_back_only_when_its_caller_proved_to_be_there(
    prefill: Prefill, *, proved: bool
) -> None:
    store = Kept()
    record = call(store, ReaderHere(prefill))
    await record.close(
        disposition=Disposition.ABANDONED_BEFORE_ANSWER,
        proved=proved,
        keys=[],
        recording=None,
        spoken_ms=0,
        transcribed=True,
        quality={},
    )
    (change,) = store.changes
    assert change.interaction_fields["disposition"] == "abandoned_before_answer"
    assert (change.callback is not None) is proved


@pytest.mark.parametrize("withheld", [True, False])
async def test_who_withholds_their_number_is_called_back_and_kept_secret(prefill: Prefill, *, withheld: bool) -> None:
    store = Kept()
    asserted = ("sip:pbx@192.0.2.1", "tel:6653-4321;phone-context=+86898", "sip:13900000000@192.0.2.1")
    info = replace(INFO, from_user="anonymous", caller_uris=asserted, withheld=withheld)
    record = call(store, ReaderHere(prefill), info)
    await record.open({"name": "hotline", "version": "1"}, "")
    await record.request_callback("asked_for_person")
    opened, asked = store.changes
    assert opened.new_ticket is not None
    requester = opened.new_ticket.requester
    assert requester.fields["phone"] == "+8689866534321"
    assert requester.fields["secret"] is withheld
    assert asked.callback is not None


async def test_the_plan_of_the_trunk_completes_the_number(prefill: Prefill) -> None:
    info = replace(INFO, from_user="66534321", plan=DialPlan(area_code="010"))
    assert call(Kept(), ReaderHere(prefill), info).phone == "+861066534321"
    assert call(Kept(), ReaderHere(prefill), replace(INFO, from_user="66534321")).phone is None


async def ended(record: CallRecord, *, spoken_ms: int, speech_ms: int, disposition: Disposition) -> None:
    await record.close(
        disposition=disposition,
        proved=True,
        keys=[],
        recording=None,
        spoken_ms=spoken_ms,
        transcribed=False,
        quality={},
    )
    await record.transcribed(speech_ms=speech_ms)


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize(("speech_ms", "empty"), [(0, True), (MIN_SPEECH_MS - 1, True), (MIN_SPEECH_MS, False)])
async def test_a_call_without_a_word_is_empty_unless_somebody_spoke(
    prefill: Prefill, *, registered: bool, speech_ms: int, empty: bool
) -> None:
    """Music sounds lively for 12 s and is no speech; who spoke and was not understood is kept for a person."""
    store = Kept()
    record = call(store, ReaderHere(prefill))
    if registered:
        await record.register()
        assert ("empty",) not in store.changes[-1].ticket_fields, "a number read out is no demand"
    await ended(record, spoken_ms=7_400, speech_ms=speech_ms, disposition=Disposition.COMPLETED)
    closed, completed = store.changes[-2:]
    assert closed.ticket_fields["empty",] is False, "while the recogniser has not answered, somebody may have spoken"
    assert completed.ticket_fields["empty",] is empty
    assert completed.events[0].data["not_understood"] is not empty


async def test_words_and_a_wish_to_be_called_are_never_empty(prefill: Prefill) -> None:
    store = Kept()
    asked = call(store, ReaderHere(prefill))
    await asked.request_callback("asked_for_person")
    await ended(asked, spoken_ms=0, speech_ms=0, disposition=Disposition.CALLBACK_REQUESTED)
    said = call(store, ReaderHere(prefill))
    await said.heard(heard("停电", 0))
    await ended(said, spoken_ms=0, speech_ms=200, disposition=Disposition.COMPLETED)
    assert [c.ticket_fields["empty",] for c in store.changes if ("empty",) in c.ticket_fields] == [False] * 6


@pytest.mark.parametrize(
    ("number", "texted"),
    [("13800000000", True), ("089866668888", False), ("anonymous", False), ("+85261234567", False)],
)
async def test_a_mobile_caller_is_texted_the_number_with_the_registration(
    prefill: Prefill,
    number: str,
    texted: bool,  # noqa: FBT001
) -> None:
    store = Kept()
    record = CallRecord(
        store=store,
        reader=ReaderHere(prefill),
        clock=SystemClock(),
        info=replace(INFO, from_user=number),
        node="here",
        lease=timedelta(seconds=15),
        callback_due=timedelta(hours=1),
        texting=Texting("sms"),
    )
    assert await record.register() is texted
    (change,) = store.changes
    assert [event.type for event in change.events] == ["ticket.demand_taken"]
    assert len(change.messages) == texted
    for message in change.messages:
        assert message.queue is not None
        assert (message.queue.channel_id, message.queue.recipient) == ("sms", "+8613800000000")
        assert TICKET_NO in (message.text or "")
        assert change.thread is not None
        assert change.thread.sender == "+8613800000000"
