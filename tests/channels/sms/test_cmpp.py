from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from tests.channels.sms.conftest import running
from tests.channels.sms.ismg import Ismg, running_ismg
from tests.support.data import each
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration
VERSIONS = pytest.mark.parametrize("version", ["2.0", "3.0"])


def table(ismg: Ismg, **more: object) -> dict[str, object]:
    return {
        "provider": "cmpp",
        "host": "127.0.0.1",
        "port": ismg.port,
        "version": ismg.version,
        "sp_id": "900001",
        "secret": "888888",
        "number": "10690001",
        "reconnect_min_s": 0.05,
        "reconnect_max_s": 0.1,
        "response_timeout_s": 5,
    } | more


@VERSIONS
async def test_messages_of_all_kinds_arrive(tmp_path: Path, version: str) -> None:
    house = FakeHouse()
    async with running_ismg(version=version) as ismg, running(house, tmp_path, **table(ismg)):
        ismg.message("13800138000", "路灯坏了".encode("utf-16-be"))
        ismg.message("8613800138001", "龙华区".encode("gbk"), fmt=15)
        ismg.message("13800138002", b"hello", fmt=0)
        await until(lambda: not ismg.waiting)
        text = "海秀路" * 40 + "😀"
        data = text.encode("utf-16-be")
        pieces = [data[at : at + 133] for at in range(0, len(data), 133)]  # cut inside characters
        for number in reversed(range(len(pieces))):
            ismg.message("13800138000", bytes((6, 8, 4, 1, 7, len(pieces), number + 1)) + pieces[number], udhi=0x40)
        binary = bytes.fromhex("0b0003ba01010504158a00000802")
        ismg.message("13800138003", binary, fmt=4, udhi=1)
        await until(lambda: not ismg.waiting)
    assert set(ismg.deliver_results) == {0}
    assert [(message.sender, message.text, message.kind) for message in house.received[:3]] == [
        ("+8613800138000", "路灯坏了", "text"),
        ("+8613800138001", "龙华区", "text"),
        ("+8613800138002", "hello", "text"),
    ]
    assert sorted((message.sender, message.text or message.event) for message in house.received[3:]) == [
        ("+8613800138000", text),
        ("+8613800138003", "unsupported"),
    ]
    assert {message.to_raw for message in house.received} == {"10690001"}


CHARSETS = {0: "ascii", 8: "utf-16-be", 15: "gb18030"}
OF_ONE_PART = bytes((1, 1))
"""The end of a header 05 00 03 xx 01 01, total and number."""


def texts(items: list[dict[str, Any]]) -> set[str]:
    """What the messages say that are no reports and are whole in one PDU."""
    said = set()
    for fields in (item["fields"] for item in items):
        content = bytes.fromhex(fields["Msg_Content"])
        if fields["TP_udhi"]:
            content = content[6:] if content[4:6] == OF_ONE_PART else b""
        if content and fields["Msg_Fmt"] in CHARSETS and not fields["Registered_Delivery"]:
            said.add(content.decode(CHARSETS[fields["Msg_Fmt"]]))
    return said


def states(items: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    """What the reports say."""
    contents = [bytes.fromhex(item["fields"]["Msg_Content"]) for item in items if item["fields"]["Registered_Delivery"]]
    reports = [(content[:8].hex(), content[8:15].rstrip(b"\0").decode()) for content in contents]
    return [(name, "delivered", None) if state == "DELIVRD" else (name, "failed", state) for name, state in reports]


@VERSIONS
@pytest.mark.parametrize("vectors", each("vectors/cmpp_pdus.json"))
async def test_the_golden_delivers_are_answered_and_come_through(tmp_path: Path, vectors: Path, version: str) -> None:
    every = json.loads(vectors.read_text(encoding="utf-8"))
    items = [item for item in every if (item["command"], item["version"]) == ("CMPP_DELIVER", version)]
    good = [item for item in items if item["verified"]]
    house = FakeHouse()
    async with running_ismg(version=version) as ismg, running(house, tmp_path, **table(ismg)):
        for item in items:
            data = bytes.fromhex(item["hex"])
            ismg.message("1", b"")
            ismg.waiting[-1].msg_id, ismg.waiting[-1].body = data[12:20], data[12:]
        await until(lambda: not ismg.waiting)
    assert ismg.deliver_results.count(0) == len(good)
    assert set(ismg.deliver_results) <= {0, 1}  # 1: cut off
    received = {message.text for message in house.received if message.text}
    assert texts(good)
    assert texts(good) <= received
    binary = [item for item in good if item["fields"]["Msg_Fmt"] not in CHARSETS]
    assert len([message for message in house.received if message.event == "unsupported"]) == len(binary)
    assert [(one.external_id, one.state, one.error) for one in house.receipts] == states(good)


@VERSIONS
async def test_texts_leave_with_reports(tmp_path: Path, version: str) -> None:
    house = FakeHouse()
    async with running_ismg(version=version) as ismg, running(house, tmp_path, **table(ismg)) as channel:
        await until(lambda: house.health.up)
        first = await channel.send(await house.say("sms", "+8613800138000", "ticket 20261123-0000001"))
        (sent,) = ismg.taken
        assert (sent.number, sent.fmt, sent.udhi, sent.pk, sent.src, sent.report) == (
            "13800138000", 0, 0, (1, 1), "10690001", 1
        )  # fmt: skip
        assert sent.content == b"ticket 20261123-0000001"
        assert first.external_id == sent.msg_id.hex()
        text = "您的工单已受理😀" * 20
        second = await channel.send(await house.say("sms", "+8613800138000", text))
        parts = ismg.taken[1:]
        assert b"".join(part.content[6:] for part in parts).decode("utf-16-be") == text
        assert [part.content[3:6][1:] for part in parts] == [bytes((3, n)) for n in (1, 2, 3)]
        assert all((part.udhi, part.fmt) == (1, 8) for part in parts)
        ismg.report(parts[2], b"DELIVRD")
        ismg.report(sent, b"ACCEPTD")
        await until(lambda: not ismg.waiting)
        assert house.receipts == []
        ismg.report(parts[0], b"DELIVRD")
        ismg.report(parts[1], b"DELIVRD")
        ismg.report(sent, b"MK:0012")
        await until(lambda: not ismg.waiting)
    assert sorted((one.external_id, one.state, one.error) for one in house.receipts) == sorted(
        [
            (second.external_id, "delivered", None),
            (first.external_id, "failed", "MK:0012"),
        ]
    )


async def test_results_are_told_apart(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_ismg() as ismg, running(house, tmp_path, **table(ismg)) as channel:
        await until(lambda: house.health.up)
        message = await house.say("sms", "+8613800138000", "您好")
        ismg.results = [8]
        with pytest.raises(TransientDeliveryError) as error:
            await channel.send(message)
        assert error.value.retry_after_s
        ismg.results = [13]
        with pytest.raises(PermanentDeliveryError, match="result 13"):
            await channel.send(message)
        with pytest.raises(PermanentDeliveryError, match="Dest_terminal_Id"):
            await channel.send(await house.say("sms", "1" * 40, "您好"))


async def test_an_unanswered_submit_is_repeated_n_times_with_one_sequence(tmp_path: Path) -> None:
    house = FakeHouse()
    options = {"response_timeout_s": 0.2, "tries": 3}
    async with running_ismg() as ismg, running(house, tmp_path, **table(ismg, **options)) as channel:
        await until(lambda: house.health.up)
        ismg.results = [None, None]
        await channel.send(await house.say("sms", "+8613800138000", "您好"))
        assert len(ismg.submits) == 3
        assert len(set(ismg.submits)) == 1
        ismg.results = [None] * 3
        with pytest.raises(TransientDeliveryError, match="no answer after 3 tries"):
            await channel.send(await house.say("sms", "+8613800138000", "您好"))


async def test_the_window_holds(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_ismg() as ismg, running(house, tmp_path, **table(ismg, window=2, tries=1)) as channel:
        await until(lambda: house.health.up)
        ismg.results = [None] * 2
        sends = [
            asyncio.create_task(channel.send(await house.say("sms", f"+861380013800{n}", "您好"))) for n in range(4)
        ]
        await until(lambda: len(ismg.submits) == 2)
        ismg.message("13800138000", b"hello", fmt=0)
        await until(lambda: not ismg.waiting)
        assert len(ismg.submits) == 2
        ismg.drop()
        await asyncio.gather(*sends, return_exceptions=True)


async def test_drops_disorder_repeats_and_store_failures_lose_and_double_nothing(tmp_path: Path) -> None:
    house = FakeHouse()
    chance = random.Random(12345)
    receive = house.conversations.receive

    async def shaky(message: object) -> object:
        if chance.random() < 0.1:
            raise StoreUnavailable("down", retry_after_s=0)
        if chance.random() < 0.05:
            await asyncio.sleep(0.4)  # longer than the gateway waits: it sends it again meanwhile
        return await receive(message)

    house.conversations.receive = shaky
    wanted = set()
    async with running_ismg(shuffle=chance) as ismg, running(house, tmp_path, **table(ismg)):
        for n in range(150):
            text = f"第{n}条" if n % 3 else f"第{n}条" + "长" * 100
            wanted.add(text)
            data = text.encode("utf-16-be")
            if len(data) <= 140:
                ismg.message(f"1380013{n:04}", data)
            else:
                for number, at in enumerate(range(0, len(data), 134), 1):
                    ismg.message(f"1380013{n:04}", bytes((5, 0, 3, 7, 2, number)) + data[at : at + 134], udhi=1)
        for _ in range(8):
            await asyncio.sleep(0.15)
            ismg.drop()
        await until(lambda: not ismg.waiting, within_s=60)
    texts = [message.text for message in house.received]
    assert len(texts) == len(set(texts))
    assert set(texts) == wanted
    assert ismg.connects > 5


async def test_a_refused_login_is_seen(tmp_path: Path) -> None:
    house = FakeHouse()
    async with running_ismg(secret="other") as ismg, running(house, tmp_path, **table(ismg)) as channel:
        await until(lambda: ismg.connects >= 2)
        assert house.health.tokens[0] == (False, None)
        with pytest.raises(TransientDeliveryError):
            await channel.send(await house.say("sms", "+8613800138000", "您好"))


async def test_a_gateway_without_proof_is_taken_and_links_are_tested(tmp_path: Path) -> None:
    house = FakeHouse()
    options = {"active_test_s": 0.05, "response_timeout_s": 0.1, "tries": 2}
    async with running_ismg(zero_proof=True) as ismg, running(house, tmp_path, **table(ismg, **options)):
        await until(lambda: ismg.tests >= 3)
        assert ismg.connects == 1
        ismg.answer_tests = False
        await until(lambda: ismg.connects >= 2)
