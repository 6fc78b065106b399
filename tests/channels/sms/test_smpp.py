from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from channels.sms.smpp import pdu
from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from tests.channels.sms.conftest import running
from tests.channels.sms.smsc import Smsc, deliver, running_smsc
from tests.support.data import each
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def table(smsc: Smsc, **more: object) -> dict[str, object]:
    return {
        "provider": "smpp",
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "gateway",
        "password": "secret",
        "number": "12345",
        "reconnect_min_s": 0.05,
        "reconnect_max_s": 0.1,
        "response_timeout_s": 5,
    } | more


@pytest.mark.parametrize("vectors", each("vectors/smpp_deliver_sm.json"))
async def test_all_vectors_give_the_right_texts_for_the_right_people(tmp_path: Path, vectors: Path) -> None:
    items = json.loads(vectors.read_text(encoding="utf-8"))["pdus"]
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        await smsc.bound.wait()
        for item in items:
            data = bytes.fromhex(item["hex"])
            assert await smsc.send_raw(data, int.from_bytes(data[12:16], "big")) == 0, item["id"]
    eleven = "".join(f"<{n}>" + "段" * 20 for n in range(1, 12))
    assert [(message.from_raw, message.text) for message in house.received] == [
        ("8613800138000", "龙华区海秀路路灯坏了"),
        ("8613800138000", eleven),
        ("8613900000001", "甲" * 69),
        ("8613900000002", "乙" * 69),
        ("8613800138000", "前后"),
        ("8613800138000", "甲" * 66 + "😀乙"),
        ("8613800138000", "分段一分段二"),
        ("8613800138000", "负载" * 150),
        ("8613800138000", "路灯"),
        ("8613800138000", "hello @ 12345"),
    ]
    first = house.received[0]
    assert (first.sender, first.to_raw, first.channel, first.identities[0].value) == (
        "+8613800138000", "12345", "sms", "+8613800138000"
    )  # fmt: skip
    assert [(receipt.external_id, receipt.state) for receipt in house.receipts] == [("M1", "delivered")]


@pytest.mark.parametrize("status", [0x14, 0x58])
async def test_throttling_is_told_to_the_house(tmp_path: Path, status: int) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)) as channel:
        await until(lambda: house.health.up)
        smsc.statuses = [status]
        with pytest.raises(TransientDeliveryError) as error:
            await channel.send(await house.say("sms", "+8613800138000", "您好"))
        assert error.value.retry_after_s
        smsc.statuses = [0x0B]
        with pytest.raises(PermanentDeliveryError, match="0x0000000b"):
            await channel.send(await house.say("sms", "+8613800138000", "您好"))


async def test_texts_leave_in_parts_and_receipts_come_back_to_the_message(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)) as channel:
        await until(lambda: house.health.up)
        assert (await channel.send(await house.say("sms", "+8613800138000", "hello {12345}"))).external_id == "M1"
        sent = smsc.submitted[0]
        assert (sent.source, sent.destination, sent.coding, sent.esm, sent.registered, sent.data) == (
            "12345", "8613800138000", 0, 0, 1, b"hello \x1b\x2812345\x1b\x29"
        )  # fmt: skip
        long = await house.say("sms", "+8613800138000", "工单" * 50 + "😀" * 20)
        answer = await channel.send(long)
        parts = smsc.submitted[1:]
        assert [part.data[:3] + part.data[4:6] for part in parts] == [b"\5\0\3\3" + bytes((n,)) for n in (1, 2, 3)]
        assert len({part.data[3] for part in parts}) == 1
        assert b"".join(part.data[6:] for part in parts).decode("utf-16-be") == long.text
        assert all((part.esm, part.coding) == (0x40, 8) for part in parts)
        for name in ("M4", "M2", "M3"):
            assert house.receipts == []
            text = f"id:{name} sub:001 dlvrd:001 submit date:2611230117 done date:2611230118 stat:DELIVRD err:000 text:"
            assert await smsc.send(deliver("8613800138000", text.encode(), coding=0, esm=4)) == 0
        assert [(receipt.external_id, receipt.state) for receipt in house.receipts] == [
            (answer.external_id, "delivered")
        ]
        assert await smsc.send(deliver("8613800138000", b"id:M1 stat:UNDELIV err:027 text:", coding=0, esm=4)) == 0
        assert (house.receipts[-1].state, house.receipts[-1].error) == ("failed", "UNDELIV 027")


async def test_a_half_sent_text_is_continued_not_repeated(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)) as channel:
        await until(lambda: house.health.up)
        message = await house.say("sms", "+8613800138000", "路" * 150)
        smsc.statuses = [0, 0x58]
        with pytest.raises(TransientDeliveryError):
            await channel.send(message)
        await channel.send(message)
        assert [part.data[5] for part in smsc.submitted] == [1, 2, 3]


async def test_what_is_not_stored_is_not_acknowledged_and_comes_again(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        await smsc.bound.wait()
        body = deliver("8613800138000", "路灯坏了".encode("utf-16-be"))
        house.failure = StoreUnavailable("down")
        assert await smsc.send(body) == 0x64
        house.failure = None
        assert await smsc.send(body) == 0
        assert await smsc.send(body) == 0
    assert [message.text for message in house.received] == ["路灯坏了"]


async def test_no_answer_before_the_house_has_it(tmp_path: Path) -> None:
    house = FakeHouse()
    gate = asyncio.Event()
    receive = house.conversations.receive

    async def slow(message: object) -> object:
        await gate.wait()
        return await receive(message)

    house.conversations.receive = slow
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        await smsc.bound.wait()
        asking = asyncio.create_task(smsc.send(deliver("8613800138000", b"\0a")))
        assert await smsc.send(b"", command=0x15) == 0  # others are answered meanwhile
        assert not asking.done()
        gate.set()
        assert await asking == 0


async def test_parts_survive_a_crash_and_their_last_one_may_come_over_another_connection(tmp_path: Path) -> None:
    house = FakeHouse()
    parts = [
        deliver("8613800138000", bytes((5, 0, 3, 9, 2, n)) + "路".encode("utf-16-be") * 3, esm=0x40) for n in (1, 2)
    ]
    async with running_smsc() as smsc:
        async with running(house, tmp_path, **table(smsc)):
            await smsc.bound.wait()
            assert await smsc.send(parts[1]) == 0
        async with running(house, tmp_path, **table(smsc)):
            await until(smsc.bound.is_set)
            assert await smsc.send(parts[1]) == 0  # again
            house.failure = StoreUnavailable("down")
            assert await smsc.send(parts[0]) == 0x64
            house.failure = None
            smsc.drop()
            await smsc.bound.wait()
            assert await smsc.send(parts[0]) == 0
            assert await smsc.send(parts[0]) == 0
    assert [message.text for message in house.received] == ["路" * 6]


async def test_reconnecting_loses_nothing(tmp_path: Path) -> None:
    house = FakeHouse()
    texts = [f"第{n}条" for n in range(60)]
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        waiting = list(texts)
        for turn in range(6):
            await smsc.bound.wait()
            batch = waiting[:20]
            asked = [
                asyncio.create_task(smsc.send(deliver("8613800138000", t.encode("utf-16-be")), wait_s=1)) for t in batch
            ]
            if turn % 2 == 0:
                await asyncio.sleep(0)
                smsc.drop()
            done = await asyncio.gather(*asked, return_exceptions=True)
            waiting = [text for text, status in zip(batch, done, strict=True) if status != 0] + waiting[20:]
        assert waiting == []
    assert [message.text for message in house.received] == texts


async def test_a_silent_link_is_tested_and_a_dead_one_left(tmp_path: Path) -> None:
    house = FakeHouse()
    async with (
        running_smsc() as smsc,
        running(house, tmp_path, **table(smsc, enquire_link_s=0.05, response_timeout_s=0.3)),
    ):
        await until(lambda: smsc.seen.count(0x15) >= 2)
        smsc.answer_links = False
        await until(lambda: len(smsc.binds) >= 2)


async def test_the_window_holds(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc, window=3)) as channel:
        await until(lambda: house.health.up)
        smsc.statuses = [None] * 3
        sends = [
            asyncio.create_task(channel.send(await house.say("sms", f"+861380013800{n}", "您好"))) for n in range(5)
        ]
        await until(lambda: smsc.seen.count(0x04) == 3)
        assert await smsc.send(b"", command=0x15) == 0
        assert smsc.seen.count(0x04) == 3
        smsc.drop()
        assert all(
            isinstance(error, TransientDeliveryError) for error in await asyncio.gather(*sends, return_exceptions=True)
        )


async def test_a_provider_that_never_answered_is_disconnected(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc:
        settings = table(smsc)
    async with running(house, tmp_path, **settings):
        await until(lambda: house.health.up is False)


async def test_a_wrong_password_is_seen_and_sending_says_so(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc, password="wrong")) as channel:
        await until(lambda: len(smsc.binds) >= 2)
        assert house.health.tokens[0] == (False, None)
        assert await channel.ready()
        with pytest.raises(TransientDeliveryError):
            await channel.send(await house.say("sms", "+8613800138000", "您好"))


async def test_strange_pdus_do_not_end_the_connection(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        await smsc.bound.wait()
        assert await smsc.send(b"no body at all") == 0x65
        assert house.health.refusals == ["malformed"]
        assert await smsc.send(b"", command=0x0777) == 3
        wap = bytes.fromhex("0605040b8423f0") + bytes(range(1, 30))
        assert await smsc.send(deliver("106", wap, coding=4, esm=0x40)) == 0
        payload = "路灯".encode("utf-16-be")
        data_sm = b"\0\1\18613800138000\0\0\1" + b"12345\0" + bytes((0, 0, 8, 4, 0x24, 0, 4)) + payload
        assert await smsc.send(data_sm, command=0x103) == 0
    binary, text = house.received
    assert (binary.kind, binary.event, binary.media.data) == ("event", "unsupported", wap[7:])
    assert text.text == "路灯"


def test_receipts_in_all_their_forms() -> None:
    tlvs = b"\x00\x1e\x00\x03M7\0" + b"\x04\x27\x00\x01\x05"
    assert pdu.read_deliver(deliver("1", b"", esm=4, tlvs=tlvs)).word() == pdu.Word("M7", "failed", "UNDELIV", "1")
    text = b"id:77 stat:ENROUTE err:000"
    assert pdu.read_deliver(deliver("1", text, esm=0x20)).word() == pdu.Word("77", None, None, "1")
    assert pdu.read_deliver(deliver("1", b"?", esm=4)).word() is None
    failed = pdu.read_deliver(deliver("1", b"id:5 stat:FAILED err:011", esm=4)).word()
    assert failed == pdu.Word("5", "failed", "FAILED 011", "1")


@pytest.mark.parametrize(
    ("octets", "coding"),
    [
        (b"id:77 sub:001 dlvrd:001 submit date:2611230117 done date:2611230118 stat:DELIVRD err:000 text:", 0),
        (b"ID:77 SUB:001 DLVRD:001 STAT:DELIVERED ERR:000", 0),
        (b"id: 77 sub: 001 dlvrd: 001 stat: Delivered err: 0", 3),
        (b"id=77 sub=001 dlvrd=001 stat=DELIVRD", 0),
        ("id：77 sub：001 dlvrd：001 stat：DELIVRD".encode("utf-16-be"), 8),
        ("id:77 sub:001 dlvrd:001 stat:DELIVRD".encode("utf-16-be"), 8),
        ("id:77 sub:001 dlvrd:001 stat:DELIVRD".encode("utf-16-be"), 0),
    ],
)
def test_a_receipt_is_known_though_nothing_marks_it(octets: bytes, coding: int) -> None:
    message = pdu.read_deliver(deliver("8613800138000", octets, coding=coding, esm=0))
    assert message.receipt
    assert message.word() == pdu.Word("77", "delivered", None, "8613800138000")


@pytest.mark.parametrize("text", ["id:77", "stat:DELIVRD", "my id: 77 is stat: unknown", "身份证 id:460100 stat", ""])
def test_what_a_person_writes_is_no_receipt(text: str) -> None:
    assert not pdu.read_deliver(deliver("8613800138000", text.encode("utf-16-be"), coding=8, esm=0)).receipt


@pytest.mark.parametrize(
    ("taken_as", "reported_as"),
    [
        ("1A2B", "6699"),
        ("1a2b", "0000006699"),
        ("6699", "1A2B"),
        ("6699", "1a2b"),
        ("00001A2B", "1a2b"),
        ("77", "0000000077"),
        ("0000000077", "77"),
        ("ab-12", "AB-12"),
    ],
)
def test_an_id_in_its_other_spellings(taken_as: str, reported_as: str) -> None:
    assert taken_as in pdu.Word(reported_as, "delivered").ids


async def test_one_receipt_settles_a_long_message(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc, receipt_settle_s=0.2)) as channel:
        await until(lambda: house.health.up)
        answer = await channel.send(await house.say("sms", "+8613800138000", "工单" * 50))
        assert answer.external_id == "M2"
        assert await smsc.send(deliver("8613800138000", b"id:M1 stat:DELIVERED err:000", coding=0, esm=4)) == 0
        await until(lambda: house.receipts)
    assert [(one.external_id, one.state) for one in house.receipts] == [("M2", "delivered")]


@pytest.mark.parametrize("codec", ["utf-16-be", "utf-8", "gbk"])
async def test_octets_with_a_wrong_label_are_read_and_kept(tmp_path: Path, codec: str) -> None:
    house = FakeHouse()
    text = "龙华区海秀路路灯坏了，电话13800138000"
    async with running_smsc() as smsc, running(house, tmp_path, **table(smsc)):
        await smsc.bound.wait()
        assert await smsc.send(deliver("8613800138000", text.encode(codec), coding=0)) == 0
    (message,) = house.received
    assert (message.kind, message.text) == ("text", text)
    assert message.media is not None
    assert message.media.data == text.encode(codec)
