"""What WeChat sees of its callback: verification, acknowledgement, redelivery, refusals."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from gateway.errors import RejectedInput, StoreUnavailable
from tests.channels.wechat.entrance import APP_ID, Entrance, entrance, text_xml
from tests.support.waiting import until

pytestmark = pytest.mark.integration

MODES = ["plain", "compatible", "safe"]


@pytest.mark.parametrize("mode", MODES)
async def test_address_is_verified(mode, tmp_path):
    async with entrance(tmp_path, mode=mode) as ours:
        assert await ours.get(ours.query(echostr="5837397576")) == (200, "5837397576")
        assert (await ours.get(ours.query(echostr="5837397576", signature="0" * 40)))[0] == 403
        assert (await ours.get(ours.query(echostr="1", at=time.time() - 3600)))[0] == 403
        assert (await ours.get(ours.query()))[0] == 400
        assert (await ours.get(ours.query(echostr="x" * 2000)))[0] == 400
        assert ours.house.health.refusals == ["bad_signature", "replay", "malformed", "malformed"]


async def test_echo_is_plain_text(tmp_path):
    async with (
        entrance(tmp_path) as ours,
        ours.client.get(ours.url, params=ours.query(echostr="<script>alert(1)</script>")) as response,
    ):
        assert response.content_type == "text/plain"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("mode", MODES)
async def test_three_deliveries_are_one_message(mode, tmp_path):
    async with entrance(tmp_path, mode=mode) as ours:
        xml = text_xml("海甸岛五西路路灯坏了，😀", message_id=42)
        for _ in range(3):
            assert await ours.deliver(xml) == (200, "success")
        (message,) = ours.received
        assert message.text == "海甸岛五西路路灯坏了，😀"
        assert message.external_id == "gh_12345:42"
        assert (message.channel, message.channel_id, message.sender) == ("wechat", "wechat", "oUser1")
        assert message.identities[0].value == "oUser1"


async def test_events_are_known_by_sender_time_and_name(tmp_path):
    async with entrance(tmp_path, mode="plain") as ours:

        def event(name: str, created: int) -> str:
            return (
                "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName>"
                f"<CreateTime>{created}</CreateTime><MsgType>event</MsgType><Event>{name}</Event></xml>"
            )

        for xml in (event("subscribe", 10), event("subscribe", 10), event("subscribe", 11), event("unsubscribe", 11)):
            assert await ours.deliver(xml) == (200, "success")
        assert [message.external_id for message in ours.received] == [
            "gh_1:oA:10:subscribe",
            "gh_1:oA:11:subscribe",
            "gh_1:oA:11:unsubscribe",
        ]


@pytest.mark.parametrize("mode", MODES)
async def test_nothing_is_acknowledged_that_is_not_stored(mode, tmp_path):
    async with entrance(tmp_path, mode=mode) as ours:
        ours.house.failure = StoreUnavailable("disk full", retry_after_s=7)
        status, answer = await ours.deliver(text_xml())
        assert status == 503
        assert "success" not in answer
        ours.house.failure = None
        assert await ours.deliver(text_xml()) == (200, "success")
        assert len(ours.received) == 1


async def test_what_can_never_be_stored_is_acknowledged_and_counted(tmp_path):
    async with entrance(tmp_path) as ours:
        ours.house.failure = RejectedInput("NUL")
        assert await ours.deliver(text_xml()) == (200, "success")
        assert ours.house.health.refusals == ["rejected_input"]


async def test_conflicting_content_is_acknowledged_and_counted(tmp_path):
    async with entrance(tmp_path) as ours:
        assert await ours.deliver(text_xml("一")) == (200, "success")
        assert await ours.deliver(text_xml("二")) == (200, "success")
        assert [message.text for message in ours.received] == ["一"]
        assert ours.house.health.refusals == ["conflict"]


class SlowStore:
    """Stores when it is told to."""

    def __init__(self, ours: Entrance) -> None:
        self.open = asyncio.Event()
        self._receive = ours.house.conversations.receive
        ours.house.conversations.receive = self.receive

    async def receive(self, message):
        await self.open.wait()
        return await self._receive(message)


async def test_slow_store_is_not_acknowledged_in_time_and_the_redelivery_finds_it(tmp_path):
    async with entrance(tmp_path, answer_within_s=0.05) as ours:
        store = SlowStore(ours)
        xml = text_xml()
        status, answer = await ours.deliver(xml)
        assert status == 503
        assert "success" not in answer
        assert not ours.received
        store.open.set()
        await until(lambda: len(ours.received) == 1)
        assert await ours.deliver(xml) == (200, "success")
        assert len(ours.received) == 1


async def test_slow_store_that_fails_late_is_stored_by_the_redelivery(tmp_path):
    async with entrance(tmp_path, answer_within_s=0.05) as ours:
        store = SlowStore(ours)
        assert (await ours.deliver(text_xml()))[0] == 503
        ours.house.failure = StoreUnavailable("down")
        store.open.set()
        await until(lambda: not ours.channel._storing)
        ours.house.failure = None
        assert await ours.deliver(text_xml()) == (200, "success")


async def test_closing_waits_for_what_is_being_stored(tmp_path):
    async with entrance(tmp_path, answer_within_s=0.05) as ours:
        store = SlowStore(ours)
        assert (await ours.deliver(text_xml()))[0] == 503
        asyncio.get_running_loop().call_later(0.05, store.open.set)
        await ours.channel.aclose(drain_s=5)
        assert len(ours.received) == 1


async def test_closing_does_not_wait_for_ever(tmp_path):
    async with entrance(tmp_path, answer_within_s=0.05) as ours:
        SlowStore(ours)
        assert (await ours.deliver(text_xml()))[0] == 503
        await ours.channel.aclose(drain_s=0.05)
        assert not ours.channel._storing


@pytest.mark.parametrize("mode", MODES)
async def test_bad_signatures_and_old_timestamps(mode, tmp_path):
    async with entrance(tmp_path, mode=mode) as ours:
        given = "signature" if mode == "plain" else "msg_signature"

        def prepared(at: float | None = None) -> tuple[str, dict[str, str]]:
            if mode == "plain":
                return text_xml(), ours.query(at=at)
            return ours.sealed(text_xml(), at=at)

        for spoiled in ("0" * 40, "", "中文", "é"):
            body, query = prepared()
            assert (await ours.post(body, query | {given: spoiled}))[0] == 403
        body, query = prepared()
        assert (await ours.post(body, query | {"nonce": "2"}))[0] == 403
        assert (await ours.post(body, query | {"timestamp": str(int(query["timestamp"]) + 1)}))[0] == 403
        assert (await ours.post(body, {}))[0] == 403
        for age in (-400, 400):
            body, query = prepared(time.time() + age)
            assert (await ours.post(body, query))[0] == 403
        body, query = prepared(time.time() - 200)
        assert await ours.post(body, query) == (200, "success")
        assert ours.house.health.refusals == ["bad_signature"] * 7 + ["replay"] * 2
        assert len(ours.received) == 1


async def test_safe_mode_takes_only_what_is_encrypted_for_us(tmp_path):
    async with entrance(tmp_path) as ours:
        assert (await ours.post(text_xml(), ours.query()))[0] == 403
        body, query = ours.sealed(text_xml())
        assert (await ours.post(body.replace("<Encrypt><![CDATA[", "<Encrypt><![CDATA[A"), query))[0] == 403
        foreign = ours.settings.model_copy(update={"app_id": "wxsomebodyelse"})
        ours.settings, mine = foreign, ours.settings
        assert (await ours.post(*ours.sealed(text_xml())))[0] == 200
        ours.settings = mine
        assert len(ours.house.accepted) == 1, "signed with our token: kept for a person to look at"
        assert not ours.received


async def test_compatible_mode_believes_only_the_encrypted_half(tmp_path):
    """The plain half of a body in compatible mode is covered by no signature."""
    async with entrance(tmp_path, mode="compatible") as ours:
        body, query = ours.sealed(text_xml("真的", message_id=1))
        forged = body.replace("<Encrypt>", "<Content><![CDATA[伪造<Encrypt>AAAA</Encrypt>]]></Content><Encrypt>")
        assert await ours.post(forged, query) == (200, "success")
        assert [message.text for message in ours.received] == ["真的"]
        assert await ours.post(text_xml("搬迁中", message_id=2), ours.query()) == (200, "success")


async def test_cdata_end_in_a_citizens_text(tmp_path):
    async with entrance(tmp_path) as ours:
        nasty = "结束]]>之后<Evil>&amp;</Evil> ]]]]>"
        assert await ours.deliver(text_xml(nasty)) == (200, "success")
        assert ours.received[0].text == nasty


async def test_json_bodies_of_mini_programs(tmp_path):
    async with entrance(tmp_path) as ours:
        inner = json.dumps(
            {"ToUserName": "gh_1", "FromUserName": "oA", "MsgType": "text", "Content": "你好", "MsgId": 7}
        )
        encrypted = ours.encrypt(inner)
        body = '{"ToUserName":"gh_1","Encrypt":"' + encrypted + '"}'
        assert await ours.post(body, ours.query(encrypted)) == (200, "success")
        assert (ours.received[0].text, ours.received[0].external_id) == ("你好", "gh_1:7")


async def test_other_methods_and_paths(tmp_path):
    async with entrance(tmp_path) as ours:
        async with ours.client.put(ours.url) as response:
            assert response.status == 405
        async with ours.client.post(ours.url + "/more") as response:
            assert response.status == 404


async def test_wrong_answers_show_no_secret_and_no_text(tmp_path, capfd):
    async with entrance(tmp_path) as ours:
        body, query = ours.sealed(text_xml("我叫王小明"))
        answers = [
            await ours.post(body, query | {"nonce": "1"}),
            await ours.post(body.replace("Encrypt", "Decrypt"), query),
        ]
        ours.house.failure = RejectedInput("NUL")
        answers.append(await ours.post(body, query))
        shown = (
            "".join(text for _, text in answers)
            + "".join(capfd.readouterr())
            + repr(ours.channel)
            + repr(ours.settings)
        )
        for secret in ("spamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "do-not-show", "王小明"):
            assert secret not in shown
        assert APP_ID in repr(ours.settings)


async def test_many_at_once(tmp_path: Path):
    async with entrance(tmp_path) as ours:
        bodies = [
            text_xml(message_id=at // 2 + 1, sender=f"o{at // 2 % 7}", created=1_700_000_000) for at in range(200)
        ]
        answers = await asyncio.gather(*(ours.deliver(body) for body in bodies))
        assert set(answers) == {(200, "success")}
        assert len(ours.received) == 100
