"""What every channel kind must do, stated once and run for each folder in ``channels/``."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.ports.channel import Accepted, InboundContact
from gateway.ports.message import InboundMessage, Received
from tests.contract.channels.harness import ChannelHarness, Said
from tests.support.fakes.conversations import MemoryConversations
from tests.support.sessions import open_sessions
from tests.support.waiting import until

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[3]
KINDS = sorted(path.parent.name for path in (ROOT / "channels").glob("*/__init__.py"))
CHINESE = "海甸岛二东路路灯坏了三天，晚上走路很危险，还没修。"
EMOJI = "电梯困人👨‍👩‍👧‍👦🚨，𠮷祥小区𡘙 3 号楼"
MARKUP = "]]></Content><Evil>1</Evil> <b>&amp;</b> \"引号\" 'x' %s {0} \\u0000 \t第二行\n末行"


def _harnesses() -> list[Any]:
    found = []
    for kind in KINDS:
        name = f"tests.channels.{kind}.harness"
        here = (ROOT / "tests" / "channels" / kind / "harness.py").exists()
        table = getattr(importlib.import_module(name), "HARNESSES", {}) if here else {}
        found += [pytest.param(made, id=f"{kind}-{variant}".rstrip("-")) for variant, made in table.items()]
    return found


@pytest.fixture(params=_harnesses())
async def closed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ChannelHarness]:
    """A harness whose provider listens; its channel has not been started."""
    harness: ChannelHarness = request.param(tmp_path)
    await harness.open()
    yield harness
    await harness.close()


@pytest.fixture
async def harness(closed: ChannelHarness) -> ChannelHarness:
    """A harness whose channel runs."""
    await closed.start()
    return closed


def needs(harness: ChannelHarness, *behaviours: str) -> None:
    for behaviour in behaviours:
        if behaviour in harness.not_applicable:
            pytest.skip(f"{behaviour}: {harness.not_applicable[behaviour]}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_harness(kind: str) -> None:
    assert (ROOT / "tests" / "channels" / kind / "harness.py").exists(), "write one: tests/contract/channels/README.md"
    harnesses = importlib.import_module(f"tests.channels.{kind}.harness").HARNESSES
    assert harnesses
    assert all(harness.spec.kind == kind for harness in harnesses.values())


async def test_its_spec_says_what_it_can_do(harness: ChannelHarness) -> None:
    """Beyond what the loader finds in the classes: of this very instance, with these settings."""
    able = harness.abilities
    channel: Any = harness.channel
    assert able.http is None or (callable(channel.handle) and able.http.body_bytes > 0)
    if able.converses:
        assert callable(channel.send)
        assert callable(channel.fetch)
        assert channel.window is None or channel.window.messages > 0
    else:
        assert {"send", "receipt", "throttle", "permanent"} <= harness.not_applicable.keys()
    assert harness.spec.flow is not None or harness.spec.role != "voice"


async def test_starts_and_stops_within_five_seconds(closed: ChannelHarness) -> None:
    before = asyncio.all_tasks()
    for _ in range(2):
        async with asyncio.timeout(5):
            await closed.start()
        async with asyncio.timeout(5):
            await closed.stop()
    assert await _settled(before) == set()


async def test_cancellation_with_a_message_in_hand_leaves_no_task(closed: ChannelHarness) -> None:
    needs(closed, "inbound")
    gated = _gate(closed)
    before = asyncio.all_tasks()
    await closed.start()
    delivery = asyncio.create_task(closed.deliver(Said(1, CHINESE)))
    await asyncio.wait_for(gated.entered.wait(), 10)
    async with asyncio.timeout(5):
        await closed.stop()
    delivery.cancel()
    await asyncio.gather(delivery, return_exceptions=True)
    gated.gate.set()
    assert await _settled(before) == set()
    await closed.start()
    assert await closed.deliver(Said(1, CHINESE))
    assert closed.stored().count(CHINESE) == 1


async def test_acknowledged_only_after_the_house_has_stored(closed: ChannelHarness) -> None:
    needs(closed, "inbound")
    gated = _gate(closed)
    await closed.start()
    delivery = asyncio.create_task(closed.deliver(Said(1, CHINESE)))
    await asyncio.wait_for(gated.entered.wait(), 10)
    for _ in range(50):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    assert not delivery.done()
    assert closed.stored() == []
    gated.gate.set()
    assert await delivery
    assert closed.stored() == [CHINESE]


async def test_what_cannot_be_stored_is_not_acknowledged_and_comes_again(harness: ChannelHarness) -> None:
    needs(harness, "inbound")
    harness.house.failure = StoreUnavailable("the disk is full", retry_after_s=1)
    assert not await harness.deliver(Said(1, CHINESE))
    assert harness.stored() == []
    harness.house.failure = None
    assert await harness.deliver(Said(1, CHINESE))
    assert harness.stored() == [CHINESE]


async def test_a_duplicate_is_acknowledged_and_stored_once(harness: ChannelHarness) -> None:
    needs(harness, "inbound")
    assert [await harness.deliver(Said(1, CHINESE)) for _ in range(3)] == [True] * 3
    await harness.stop()
    await harness.start()
    assert await harness.deliver(Said(1, CHINESE))
    assert await harness.deliver(Said(2, EMOJI))
    assert harness.stored() == [CHINESE, EMOJI]


async def test_a_cut_connection_loses_nothing(harness: ChannelHarness) -> None:
    needs(harness, "inbound", "drop")
    texts = [f"第 {number} 条：{CHINESE}" for number in range(1, 7)]
    for number, text in enumerate(texts, 1):
        if number % 2 == 0:
            await harness.drop()
        await until(partial(harness.deliver, Said(number, text)), f"the acknowledgement of {text}", within_s=60)
    assert harness.stored() == texts


async def test_order_is_kept_per_sender(harness: ChannelHarness) -> None:
    needs(harness, "inbound", "order")

    async def speak(sender: int) -> None:
        for number in range(sender * 100, sender * 100 + 15):
            assert await harness.deliver(Said(number, f"{sender}:{number}", sender))

    await asyncio.gather(*(speak(sender) for sender in (1, 2, 3)))
    stored = harness.stored()
    times: dict[str, datetime] = {one.text or "": one.sent_at or one.received_at for one in harness.house.received}
    for sender in (1, 2, 3):
        own = [text for text in stored if text.startswith(f"{sender}:")]
        assert own == [f"{sender}:{number}" for number in range(sender * 100, sender * 100 + 15)]
        assert own == sorted(own, key=lambda text: times.get(text, datetime.min))  # noqa: DTZ901 - a stable sort of equals


@pytest.mark.parametrize("text", [CHINESE, EMOJI, MARKUP], ids=["chinese", "emoji", "markup"])
async def test_texts_arrive_as_they_were_written(harness: ChannelHarness, text: str) -> None:
    needs(harness, "inbound", "text")
    assert await harness.deliver(Said(1, text))
    assert harness.stored() == [text]


async def test_the_longest_text_arrives_whole(harness: ChannelHarness) -> None:
    needs(harness, "inbound", "long_text")
    text = ("路灯坏了，一二三四五六七八九十。" * (harness.longest_text // 10))[: harness.longest_text]
    assert await harness.deliver(Said(1, text))
    assert harness.stored() == [text]


@pytest.mark.parametrize("text", ["断了一半的表情\ud83d。", "零\0字符"], ids=["lone_surrogate", "nul"])
async def test_what_can_never_be_stored_hurts_no_neighbour(harness: ChannelHarness, text: str) -> None:
    needs(harness, "inbound", "broken_text")
    assert await harness.deliver(Said(1, CHINESE))
    taken = await harness.deliver(Said(2, text))
    assert await harness.deliver(Said(3, EMOJI))
    kept = [one for one in harness.stored() if one not in {CHINESE, EMOJI}]
    assert [one for one in harness.stored() if one in {CHINESE, EMOJI}] == [CHINESE, EMOJI]
    assert kept or harness.house.health.refusals, "neither stored in some form nor counted"
    assert taken or "malformed" in harness.house.health.refusals


async def test_a_forged_delivery_is_refused_and_counted(harness: ChannelHarness) -> None:
    needs(harness, "inbound", "forgery")
    assert not await harness.forge(Said(1, CHINESE))
    assert harness.stored() == []
    assert harness.house.health.refusals
    assert await harness.deliver(Said(1, CHINESE))


async def test_what_is_sent_arrives_whole_at_the_person(harness: ChannelHarness) -> None:
    needs(harness, "send")
    assert await harness.deliver(Said(1, CHINESE))
    text = f"您好，工单 20261123-0000001 已登记。{EMOJI}"
    sent = await harness.send(1, text)
    assert (harness.person(1), text) in harness.sent()
    assert sent.external_id


async def test_a_receipt_lands_on_its_message(harness: ChannelHarness) -> None:
    needs(harness, "send", "receipt")
    assert await harness.deliver(Said(1, CHINESE))
    for delivered, state in ((True, {"delivered", "read"}), (False, {"failed"})):
        sent = await harness.send(1, f"您的诉求正在办理，{delivered}。")
        await harness.receipt(sent, delivered=delivered)
        assert harness.house.receipts[-1].external_id == sent.external_id
        assert harness.house.receipts[-1].state in state


async def test_throttling_is_transient_and_says_how_long(harness: ChannelHarness) -> None:
    needs(harness, "send", "throttle")
    assert await harness.deliver(Said(1, CHINESE))
    harness.throttle(7)
    with pytest.raises(TransientDeliveryError) as refused:
        await harness.send(1, "请稍候。")
    if "retry_after" not in harness.not_applicable:
        assert refused.value.retry_after_s == 7
    await harness.send(1, "现在可以了。")
    assert any("现在可以了。" in text for _, text in harness.sent())


async def test_a_lasting_refusal_is_permanent(harness: ChannelHarness) -> None:
    needs(harness, "send", "permanent")
    assert await harness.deliver(Said(1, CHINESE))
    harness.refuse()
    with pytest.raises(PermanentDeliveryError) as refused:
        await harness.send(1, "您好。")
    assert str(refused.value), "the ticket shows why"


async def test_what_is_sent_once_it_is_closed_waits_and_opens_nothing(harness: ChannelHarness) -> None:
    """The outbox may still be at work on it: when a channel is built anew, or its lease is lost."""
    needs(harness, "send", "send_closed")
    assert await harness.deliver(Said(1, CHINESE))
    await harness.send(1, "您好。")
    channel: Any = harness.channel
    await channel.aclose(drain_s=1)
    sent, before = harness.sent(), open_sessions()
    message = await harness.house.say("under-test", harness.person(1), "再见。")
    with pytest.raises(TransientDeliveryError):
        await channel.send(message)
    assert harness.sent() == sent
    assert open_sessions() == before


async def test_an_unknown_key_is_refused_by_name(closed: ChannelHarness) -> None:
    with pytest.raises(ValidationError, match="unheard_of"):
        closed.spec.settings(**closed.table, unheard_of=1)


async def test_neither_secrets_nor_people_are_in_logs(closed: ChannelHarness, caplog: pytest.LogCaptureFixture) -> None:
    """Everything that is logged over a life with good, bad and impossible deliveries."""
    caplog.set_level("INFO")
    with structlog.testing.capture_logs() as logs:
        await closed.start()
        if "inbound" not in closed.not_applicable:
            await _a_life(closed)
        channel = repr(closed.channel)
        await closed.stop()
    settings = closed.spec.settings(**closed.table)
    # The access log is the provider's on this machine; the web room's own is another matter.
    library = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    for shown in (repr(settings), str(settings), channel, *map(repr, logs), *library):
        for secret in closed.secrets:
            assert secret not in shown
    for entry in logs:
        for key, value in entry.items():
            if not key.startswith("pii_"):
                assert CHINESE not in str(value), entry
                assert closed.person(1) not in str(value), entry
    assert not [line for line in library if CHINESE in line]


async def _a_life(harness: ChannelHarness) -> None:
    await harness.deliver(Said(1, CHINESE))
    await harness.deliver(Said(1, CHINESE))
    if "broken_text" not in harness.not_applicable:
        await harness.deliver(Said(2, f"{CHINESE}\0"))
    if "forgery" not in harness.not_applicable:
        await harness.forge(Said(3, CHINESE))
    harness.house.failure = StoreUnavailable("the disk is full", retry_after_s=1)
    await harness.deliver(Said(4, CHINESE))
    harness.house.failure = None
    provocations: dict[str, Callable[[], None]] = {
        "throttle": lambda: harness.throttle(1),
        "permanent": harness.refuse,
    }
    for behaviour, provoke in provocations.items():
        if {"send", behaviour} & set(harness.not_applicable):
            continue
        provoke()
        with pytest.raises((TransientDeliveryError, PermanentDeliveryError)) as raised:
            await harness.send(1, CHINESE)
        for secret in harness.secrets:
            assert secret not in str(raised.value)


class _Gated(MemoryConversations):
    """Holds the first message until ``gate`` opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def receive(self, message: InboundMessage) -> Received:
        self.entered.set()
        await self.gate.wait()
        return await super().receive(message)


def _gate(harness: ChannelHarness) -> _Gated:
    """Both doors of the house, for messages and for contacts, wait for the same gate."""
    gated = _Gated()
    house, accept = harness.house, harness.house.accept

    async def gated_accept(contact: InboundContact) -> Accepted:
        gated.entered.set()
        await gated.gate.wait()
        return await accept(contact)

    house.conversations = gated
    house.accept = gated_accept  # type: ignore[method-assign]  # as every intake looked up on this house
    return gated


async def _settled(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Tasks that were not there before and do not end within a second."""
    for _ in range(100):
        left = asyncio.all_tasks() - before
        if not left:
            return left
        await asyncio.sleep(0.01)
    return asyncio.all_tasks() - before
