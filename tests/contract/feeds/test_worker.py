"""What a feed's worker does, told in virtual time on the delivery store's twin."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.domain.commit import Commit
from gateway.errors import FeedRefused, PermanentDeliveryError, TransientDeliveryError
from gateway.feeds import FEED_KINDS
from gateway.feeds.common import FeedSettings
from gateway.feeds.worker import FeedWorker
from gateway.ports.feed import Delivery, Feed
from gateway.storage.signal import CommitSignal
from gateway.telemetry import metrics
from tests.support.fakes.deliveries import MemoryDeliveries, Receiver
from tests.support.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.contract


class Stage:
    """A store, a receiver, and workers between them."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock()
        self.store = MemoryDeliveries(self.clock)
        self.receiver = Receiver(self.clock)
        self.committed = CommitSignal()
        self.settings = FeedSettings(**options)
        self.worker = self.another("one")

    def another(self, owner: str, make_feed: Callable[[], Feed] | None = None) -> FeedWorker:
        return FeedWorker(
            feed_id="cases",
            make_feed=make_feed or (lambda: self.receiver),
            settings=self.settings,
            deliveries=self.store,
            events=self.store,
            clock=self.clock,
            owner=owner,
            next_commit=self.committed.next,
            jitter=random.Random(1),
        )

    async def during(self, seconds: float, *workers: FeedWorker) -> None:
        """Run the workers for so long, then stop them in order."""
        tasks = [asyncio.create_task(worker.run()) for worker in workers or (self.worker,)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def got(self) -> list[tuple[str, str]]:
        return [(d.ticket_id, d.type) for d in self.receiver.got]

    async def pending(self) -> int:
        return (await self.store.counts())["cases"]["pending"]


def story(told: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def test() -> None:
        run_virtual(told())

    test.__name__ = told.__name__
    return test


class _Closed:
    """A way to the receiver until it is closed."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.closed = False

    async def deliver(self, delivery: Delivery) -> None:
        if self.closed:
            raise TransientDeliveryError("the client is closed")
        await self._receiver.deliver(delivery)

    async def aclose(self) -> None:
        self.closed = True


def first_times(times: int, error: Exception) -> Callable[[Delivery], None]:
    left = [times]

    def answer(_: Delivery) -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return answer


@story
async def test_each_tickets_events_go_in_order_and_tickets_go_in_parallel() -> None:
    stage = Stage(parallel=4)
    stage.receiver.takes_s = 0.5
    tickets = [f"T{i}" for i in range(6)]
    for type_ in ("ticket.registered", "message.received", "ticket.corrected"):
        for ticket in tickets:
            stage.store.happen(ticket, type_)
    await stage.during(20)
    for ticket in tickets:
        assert [t for own, t in stage.got if own == ticket] == [
            "ticket.registered",
            "message.received",
            "ticket.corrected",
        ]
    assert len(stage.receiver.tried) == 18
    assert stage.receiver.most_at_once == 4
    assert await stage.pending() == 0


@story
async def test_a_worker_that_is_begun_anew_has_connections_of_its_own() -> None:
    """As it is after a fault; a feed that was closed opens none."""
    stage = Stage()
    made: list[_Closed] = []

    def make() -> _Closed:
        made.append(_Closed(stage.receiver))
        return made[-1]

    worker = stage.another("one", make)
    for ticket in ("T1", "T2"):
        stage.store.happen(ticket, "ticket.registered")
        await stage.during(5, worker)
    assert [ticket for ticket, _ in stage.got] == ["T1", "T2"]
    assert [feed.closed for feed in made] == [True, True, False]


@story
async def test_two_workers_share_the_work_and_send_nothing_twice() -> None:
    stage = Stage(parallel=2)
    stage.receiver.takes_s = 0.3
    for i in range(20):
        stage.store.happen(f"T{i % 7}", "message.received")
    await stage.during(30, stage.worker, stage.another("two"))
    assert sorted(d.event_seq for d in stage.receiver.got) == list(range(1, 21))
    assert stage.receiver.most_at_once == 4


@story
async def test_a_failing_receiver_is_tried_ever_more_rarely_and_nothing_overtakes() -> None:
    stage = Stage(first_retry_s=1, max_retry_s=60)
    stage.store.happen("T", "ticket.registered", "ticket.corrected")
    stage.receiver.answer = first_times(10, TransientDeliveryError("down"))
    await stage.during(1000)
    at = [when for when, d in stage.receiver.tried if d.event_seq == 1]
    waits = [b - a for a, b in pairwise(at)]
    assert len(at) == 11
    for n, wait in enumerate(waits):
        assert min(2**n, 60) * 0.5 <= wait <= min(2**n, 60) + 1.1  # jitter below, one poll above
    assert [d.event_seq for d in stage.receiver.got] == [1, 2]


@story
async def test_the_receivers_own_wish_is_kept_for_every_ticket() -> None:
    stage = Stage(parallel=1)
    stage.store.happen("A", "ticket.registered")
    stage.store.happen("B", "ticket.registered")
    stage.receiver.answer = first_times(1, TransientDeliveryError("busy", retry_after_s=30))
    await stage.during(100)
    assert sorted(d.ticket_id for d in stage.receiver.got) == ["A", "B"]
    assert len(stage.receiver.tried) == 3
    assert stage.receiver.tried[1][0] >= 30


@story
async def test_what_the_receiver_refuses_for_good_is_a_dead_letter_and_the_ticket_goes_on() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", "message.received", "ticket.corrected")

    def refuse(delivery: Delivery) -> None:
        if delivery.event_seq == 2 and len(stage.receiver.tried) < 4:
            raise PermanentDeliveryError("HTTP 422: no such field")

    stage.receiver.answer = refuse
    await stage.during(10)
    assert [d.event_seq for d in stage.receiver.got] == [1, 3]
    [letter] = await stage.store.dead_letters("cases")
    assert letter["event_seq"] == 2
    assert letter["last_error"] == "HTTP 422: no such field"
    await stage.store.replay("cases", 2)
    await stage.during(10, stage.another("later"))
    assert [d.event_seq for d in stage.receiver.got] == [1, 3, 2]
    assert await stage.store.dead_letters() == []


UNKNOWN = FeedRefused("HTTP 401: who are you?", cause="key", http_status=401)


@story
async def test_a_receiver_that_takes_nothing_holds_the_feed_and_costs_no_event() -> None:
    stage = Stage(max_attempts=3, max_age_s=3600)
    for i in range(11):
        stage.store.happen(f"T{i}", "ticket.registered", "ticket.corrected")
    until = 2 * 3600.0

    def answer(_: Delivery) -> None:
        if stage.clock.monotonic() < until:
            raise UNKNOWN

    stage.receiver.answer = answer

    async def look() -> None:
        await asyncio.sleep(3600)
        [held] = await stage.store.held()
        assert (held.cause, held.http_status, held.why) == ("key", 401, "HTTP 401: who are you?")
        assert held.probes > 50
        assert metrics.FEED_HELD.labels("cases")._value.get() == 1
        assert await stage.pending() == 22

    with capture_logs() as logged:
        await asyncio.gather(stage.during(until + 100), look())
    refused = [when for when, _ in stage.receiver.tried if when < until]
    assert all(1 <= b - a <= 61 for a, b in pairwise(refused[8:])), "one probe at a time, at growing pauses"
    assert len({d.ticket_id for when, d in stage.receiver.tried if 100 < when < until}) == 11, "each time another one"
    assert await stage.pending() == 0
    assert await stage.store.dead_letters() == []
    for i in range(11):
        assert [t for own, t in stage.got if own == f"T{i}"] == ["ticket.registered", "ticket.corrected"]
    assert metrics.FEED_HELD.labels("cases")._value.get() == 0
    [held] = [entry for entry in logged if entry["event"] == "feed_held"]
    assert (held["feed"], held["cause"], held["exc_info"].http_status) == ("cases", "key", 401)
    assert "secret" in held["do"]
    assert [entry["feed"] for entry in logged if entry["event"] == "feed_released"] == ["cases"]


@story
async def test_a_receiver_that_is_down_is_not_asked_once_for_each_of_thousands() -> None:
    stage = Stage(parallel=8, max_retry_s=600)
    for i in range(400):
        stage.store.happen(f"T{i}", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(TransientDeliveryError("HTTP 502"))

    async def repair() -> None:
        await asyncio.sleep(3600)
        assert len(stage.receiver.tried) < 100
        assert (await stage.store.held())[0].cause == "down"
        stage.receiver.answer = lambda _: None
        await asyncio.sleep(65)
        assert len(stage.receiver.got) == 400, "what waited goes out when it is back, not at its own pauses"

    await asyncio.gather(stage.during(3600 + 70), repair())
    assert await stage.store.dead_letters() == []


@story
async def test_an_event_that_is_refused_while_others_are_taken_is_at_fault_itself() -> None:
    stage = Stage()
    stage.store.happen("A", "ticket.registered", "ticket.corrected")

    def answer(delivery: Delivery) -> None:
        if delivery.event_seq == 1:
            raise FeedRefused("HTTP 404: no such ticket", cause="address", http_status=404)

    stage.receiver.answer = answer

    async def day() -> None:
        for i in range(20):
            await asyncio.sleep(3)
            stage.store.happen(f"T{i}", "ticket.registered")

    await asyncio.gather(stage.during(100), day())
    assert [letter["event_seq"] for letter in await stage.store.dead_letters()] == [1]
    assert await stage.store.held() == []
    assert await stage.pending() == 0


@story
async def test_whoever_releases_a_feed_too_early_puts_no_event_at_fault() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(UNKNOWN)

    async def impatience() -> None:
        for _ in range(20):
            await asyncio.sleep(10)
            await stage.store.release("cases")

    await asyncio.gather(stage.during(210), impatience())
    assert await stage.store.dead_letters() == []
    assert [held.feed for held in await stage.store.held()] == ["cases"]


@story
async def test_a_held_feed_tells_what_is_wrong_now() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(UNKNOWN)

    async def half_a_repair() -> None:
        await asyncio.sleep(30)
        stage.receiver.answer = lambda _: _raise(FeedRefused("HTTP 410", cause="address", http_status=410))

    with capture_logs() as logged:
        await asyncio.gather(stage.during(100), half_a_repair())
        [held] = await stage.store.held()
        assert (held.cause, held.http_status) == ("address", 410)
        await stage.during(5, stage.another("restarted"))
    assert [entry["cause"] for entry in logged if entry["event"] == "feed_held"] == ["key", "address", "address"], (
        "each cause once, and once more for whoever has started it again"
    )


@story
async def test_a_probe_that_is_refused_for_its_own_sake_releases() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(UNKNOWN)

    async def repair() -> None:
        await asyncio.sleep(30)
        stage.receiver.answer = lambda _: _raise(PermanentDeliveryError("HTTP 422"))

    await asyncio.gather(stage.during(100), repair())
    assert len(await stage.store.dead_letters()) == 1
    assert await stage.store.held() == []


@story
async def test_a_feed_that_is_started_again_is_probed_at_once() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(UNKNOWN)
    await stage.during(500)
    stage.receiver.answer = lambda _: None
    await stage.during(1, stage.another("restarted"))
    assert len(stage.receiver.got) == 1
    assert await stage.store.held() == []


@story
async def test_what_is_never_sent_does_not_keep_a_held_feed_from_its_probe() -> None:
    stage = Stage(types=("ticket.registered",))
    stage.store.happen("A", "ticket.registered")
    stage.receiver.answer = lambda _: _raise(UNKNOWN)

    async def meanwhile() -> None:
        await asyncio.sleep(1)
        for i in range(50):
            stage.store.happen(f"T{i}", "message.received")
        await asyncio.sleep(60)
        assert await stage.pending() == 1

    await asyncio.gather(stage.during(130), meanwhile())
    assert len(stage.receiver.tried) > 5
    assert [held.feed for held in await stage.store.held()] == ["cases"]


def _raise(error: Exception) -> None:
    raise error


@story
async def test_after_its_last_attempt_a_delivery_is_a_dead_letter() -> None:
    stage = Stage(max_attempts=3)
    stage.store.happen("T", "ticket.registered", "message.received")
    stage.receiver.answer = first_times(3, TransientDeliveryError("HTTP 500"))
    await stage.during(100)
    assert [letter["event_seq"] for letter in await stage.store.dead_letters()] == [1]
    assert [d.event_seq for d in stage.receiver.got] == [2]


@story
async def test_an_old_event_that_fails_is_a_dead_letter() -> None:
    stage = Stage(max_age_s=3600)
    stage.store.happen("T", "ticket.registered")
    stage.receiver.answer = first_times(10_000, TransientDeliveryError("HTTP 500"))
    await stage.during(3 * 3600)
    assert len(await stage.store.dead_letters()) == 1


@story
async def test_a_store_that_is_down_costs_no_second_post() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", "message.received")
    stage.receiver.takes_s = 2.0

    async def outage() -> None:
        await asyncio.sleep(1.0)
        stage.store.down = True
        await asyncio.sleep(30.0)
        stage.store.down = False

    await asyncio.gather(stage.during(60), outage())
    assert [d.event_seq for _, d in stage.receiver.tried] == [1, 2]
    assert await stage.pending() == 0


@story
async def test_a_workers_end_lets_what_is_under_way_end_and_be_booked() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered")
    stage.receiver.takes_s = 3.0
    await stage.during(1)
    assert len(stage.receiver.got) == 1
    assert await stage.pending() == 0
    assert stage.receiver.closed


@story
async def test_what_a_dead_worker_had_leased_is_sent_by_another() -> None:
    stage = Stage(timeout_s=10)
    stage.store.happen("T", "ticket.registered")
    await stage.store.lease("cases", "dead", limit=8, lease_s=15)
    await stage.during(30)
    assert [d.event_seq for d in stage.receiver.got] == [1]
    assert stage.receiver.tried[0][0] >= 15


@story
async def test_a_wakeup_is_faster_than_the_poll() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.worker.run())
    await asyncio.sleep(0.3)
    stage.store.happen("T", "ticket.registered")
    stage.committed.fire(Commit(1, 1))
    await asyncio.sleep(0.01)
    assert stage.got == [("T", "ticket.registered")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@story
async def test_only_chosen_types_are_sent() -> None:
    stage = Stage(types=("ticket.registered",))
    stage.store.happen("T", "ticket.registered", "message.received", "ticket.corrected")
    await stage.during(10)
    assert stage.got == [("T", "ticket.registered")]
    assert await stage.pending() == 0


@story
async def test_a_calls_events_wait_for_its_first_words_and_then_go_in_order() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", "interaction.started", empty=True, pending=True)

    async def call() -> None:
        await asyncio.sleep(20)
        assert stage.got == []
        stage.store.happen("T", "transcript.segment", empty=False)

    await asyncio.gather(stage.during(60), call())
    assert [t for _, t in stage.got] == ["ticket.registered", "interaction.started", "transcript.segment"]
    assert stage.receiver.tried[0][0] < 30
    assert await stage.pending() == 0


@story
async def test_a_call_without_a_word_is_not_sent() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", "interaction.started", empty=True, pending=True)
    stage.store.happen("T", "interaction.ended", disposition="abandoned_in_flow")
    stage.store.happen("T", "transcript.completed", pending=False)
    await stage.during(30)
    assert stage.got == []
    assert await stage.pending() == 0
    assert await stage.store.dead_letters() == []


@story
async def test_an_empty_ticket_that_a_person_fills_is_introduced_first() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", empty=True, disposition="abandoned_in_flow")
    await stage.during(30)
    stage.store.happen("T", "ticket.corrected", "ticket.corrected", empty=False)
    later = stage.another("later")
    await stage.during(30, later)
    assert [t for _, t in stage.got] == ["ticket.registered", "ticket.corrected", "ticket.corrected"]
    assert [d.event_seq for d in stage.receiver.got] == [1, 2, 3]
    assert await stage.pending() == 0


@story
async def test_holding_an_empty_ticket_counts_as_no_failed_attempt() -> None:
    stage = Stage(first_retry_s=1)
    stage.store.happen("T", "ticket.registered", empty=True, pending=True)

    async def call() -> None:
        await asyncio.sleep(120)
        stage.receiver.answer = first_times(1, TransientDeliveryError("down"))
        stage.store.happen("T", "transcript.segment", empty=False)

    await asyncio.gather(stage.during(300), call())
    first, second = (when for when, d in stage.receiver.tried if d.event_seq == 1)
    assert second - first <= 2.1


@story
async def test_empty_tickets_are_sent_on_request() -> None:
    stage = Stage(include_empty=True)
    stage.store.happen("T", "ticket.registered", empty=True, pending=True)
    await stage.during(5)
    assert stage.got == [("T", "ticket.registered")]


@story
async def test_a_fault_in_a_feed_stops_nobody_else() -> None:
    stage = Stage()
    stage.store.happen("A", "ticket.registered")
    stage.store.happen("B", "ticket.registered")

    def broken(delivery: Delivery) -> None:
        if delivery.ticket_id == "A":
            raise KeyError("a mistake of the programmer's")

    stage.receiver.answer = broken
    await stage.during(10)
    assert stage.got == [("B", "ticket.registered")]
    assert await stage.pending() == 1


@story
async def test_a_refused_introduction_withholds_nothing() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", empty=True, disposition="abandoned_in_flow")
    await stage.during(5)
    stage.store.happen("T", "ticket.corrected", empty=False)

    def refuse(delivery: Delivery) -> None:
        if delivery.type == "ticket.registered":
            raise PermanentDeliveryError("HTTP 422")

    stage.receiver.answer = refuse
    await stage.during(5, stage.another("later"))
    assert stage.got == [("T", "ticket.corrected")]


@story
async def test_a_ticket_that_was_never_empty_is_not_introduced_again() -> None:
    stage = Stage()
    stage.store.happen("T", "ticket.registered", "message.received")
    await stage.during(5)
    stage.store.happen("T", "message.received")
    await stage.during(5, stage.another("later"))
    assert len(stage.receiver.tried) == 3


@story
async def test_a_feed_that_asks_for_it_gets_masked_copies_and_the_record_stays_whole() -> None:
    requester = {"name": "王小明", "phone": "+8613800138000", "callback_phone": None}
    for redact in (True, False):
        stage = Stage(redact=redact)
        stage.store.happen("T", "ticket.registered", "message.received")
        stage.store.records["T"] |= {"requester": requester, "demand": {"content": "我叫王小明，电话13912345678"}}
        await stage.during(5)
        told = str([delivery.record for delivery in stage.receiver.got])
        assert ("王小明" in told, "13912345678" in told, "+8613800138000" in told) == ((not redact,) * 3)
        assert len(stage.receiver.got) == 2
        assert stage.store.records["T"]["requester"] == requester


@pytest.mark.parametrize("kind", ["webhook", "stream"])
def test_every_kind_of_feed_may_ask_for_masked_copies(kind: str) -> None:
    needed = {"url": "https://cases.example", "secret": "s" * 16} if kind == "webhook" else {}
    settings = FEED_KINDS[kind].settings
    assert settings(**needed, redact=True).redact
    assert not settings(**needed).redact
