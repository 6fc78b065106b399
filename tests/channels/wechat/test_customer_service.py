"""微信客服: callbacks announce, a durable cursor reads, nothing is missed or doubled."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.wechat import customer_service
from channels.wechat.official import Origin
from channels.wechat.refusals import Malformed
from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.ports.message import Location, MediaRef, OutboundMessage, Sent
from tests.channels.wechat.api_server import ApiServer
from tests.channels.wechat.entrance import Entrance, entrance, settings
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration

SYNC = "/cgi-bin/kf/sync_msg"
SEND = "/cgi-bin/kf/send_msg"
KF = {"platform": "wecom_kf", "app_id": "ww12345678910"}
ORIGIN = Origin("wechat", datetime(2026, 11, 23, tzinfo=UTC))


def item(number: int, kind: str = "text", account: str = "wk1", **content: Any) -> dict[str, Any]:
    return {
        "msgid": f"m{number}",
        "open_kfid": account,
        "external_userid": "wmA",
        "send_time": 1615478585 + number,
        "origin": 3,
        "msgtype": kind,
        kind: content or {"content": f"第{number}条"},
    }


def callback(account: str = "wk1", *, event: str = "kf_msg_or_event") -> str:
    return (
        f"<xml><ToUserName><![CDATA[{KF['app_id']}]]></ToUserName><CreateTime>{int(time.time())}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event>"
        f"<Token><![CDATA[CALLBACK-TOKEN]]></Token><OpenKfId><![CDATA[{account}]]></OpenKfId></xml>"
    )


async def announce(ours: Entrance, account: str = "wk1") -> tuple[int, str]:
    return await ours.post(*ours.sealed(callback(account)))


def texts(house: FakeHouse) -> list[str | None]:
    return [message.text for message in house.received]


async def test_callback_is_followed_by_reading(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        ours.start()
        ours.api.stream = [item(1), item(2)]
        assert await announce(ours) == (200, "success")
        await until(lambda: len(ours.received) == 2)
        assert texts(ours.house) == ["第1条", "第2条"]
        first = ours.received[0]
        assert first.external_id == "ww12345678910:m1"
        assert (first.sender, first.to_raw, first.reply_context) == ("wmA", "wk1", {"open_kfid": "wk1"})
        assert first.identities[0].kind == "external_userid"
        (call,) = ours.api.to(SYNC)
        assert call.body == {"open_kfid": "wk1", "limit": 200, "voice_format": 0, "token": "CALLBACK-TOKEN"}
        state = ours.house.states["wechat"].values
        await until(lambda: state.get("kf:cursor:wk1") == "2")
        ours.api.stream.append(item(3))
        await announce(ours)
        await until(lambda: len(ours.received) == 3)
        assert ours.api.to(SYNC)[-1].body["cursor"] == "2"
        assert len(ours.api.to("/cgi-bin/gettoken")) == 1


async def test_what_came_while_we_were_away_is_read_at_the_start(tmp_path):
    house, api = FakeHouse(), ApiServer(page=10)
    async with entrance(tmp_path, house=house, api=api, **KF) as ours:
        assert await announce(ours) == (200, "success"), "acknowledged: the account is remembered, nothing reads yet"
    api.stream = [item(number) for number in range(25)]
    async with entrance(tmp_path, house=house, api=api, **KF) as ours:
        ours.start()
        await until(lambda: len(house.received) == 25)
    api.stream += [item(number) for number in range(25, 30)]
    async with entrance(tmp_path, house=house, api=api, **KF) as ours:
        ours.start()
        await until(lambda: len(house.received) == 30)
    assert texts(house) == [f"第{number}条" for number in range(30)]


async def test_configured_accounts_are_read_without_any_callback(tmp_path):
    api = ApiServer(stream=[item(1), item(2, account="wk2")])
    async with entrance(tmp_path, api=api, open_kfids=["wk1", "wk2"], **KF) as ours:
        ours.start()
        await until(lambda: len(ours.received) == 2)
        assert {message.to_raw for message in ours.received} == {"wk1", "wk2"}


async def test_missed_callbacks_are_made_up_for_by_reading_now_and_then(tmp_path):
    async with entrance(tmp_path, open_kfids=["wk1"], sync_every_s=0.05, **KF) as ours:
        ours.start()
        await until(lambda: len(ours.api.to(SYNC)) >= 1)
        ours.api.stream.append(item(1))
        await until(lambda: len(ours.received) == 1)


async def test_store_down_keeps_the_cursor(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        ours.start()
        ours.api.stream = [item(1), item(2)]
        await announce(ours)
        await until(lambda: len(ours.received) == 2)
        receive, failures = ours.house.conversations.receive, iter([True])

        async def failing_once(message):
            if message.text == "第4条" and next(failures, False):
                raise StoreUnavailable("down", retry_after_s=0)
            return await receive(message)

        ours.house.conversations.receive = failing_once
        ours.api.stream += [item(3), item(4), item(5)]
        await announce(ours)
        await until(lambda: len(ours.received) == 5)
        assert texts(ours.house) == [f"第{number}条" for number in range(1, 6)]
        cursors = [call.body.get("cursor") for call in ours.api.to(SYNC)]
        assert cursors == [None, "2", "2"]


async def test_callback_is_not_acknowledged_when_the_account_cannot_be_remembered(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        state = ours.house.states["wechat"]
        put = state.put

        async def failing(_key: str, _value: str) -> None:
            raise StoreUnavailable("down")

        state.put = failing
        assert (await announce(ours))[0] == 503
        state.put = put
        assert await announce(ours) == (200, "success")


async def test_one_reader_for_all_processes(tmp_path):
    """Two instances over one database and cache: callbacks go to either, every item is handed in once."""
    house = FakeHouse()
    handed_in: list[str | None] = []
    receive = house.conversations.receive

    async def counting(message):
        handed_in.append(message.text)
        return await receive(message)

    house.conversations.receive = counting
    api = ApiServer(page=7)
    async with entrance(tmp_path, house=house, api=api, **KF) as one, entrance(tmp_path, house=house, **KF) as two:
        two.channel._api._settings = one.settings  # both use the first one's API
        one.start()
        two.start()
        for at in range(20):
            api.stream += [item(3 * at + more) for more in range(3)]
            assert (await announce((one, two)[at % 2]))[1] == "success"
        await until(lambda: len(house.received) == 60)
        assert handed_in == [f"第{number}条" for number in range(60)]


async def test_expired_callback_token_is_left_out(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        ours.api.script[SYNC].append({"errcode": 95007, "errmsg": "invalid msg token"})
        ours.api.stream = [item(1)]
        ours.start()
        await announce(ours)
        await until(lambda: len(ours.received) == 1)
        assert ["token" in call.body for call in ours.api.to(SYNC)] == [True, False]


async def test_failures_of_reading_are_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr("channels.wechat.sync._LONGEST_BACK_OFF_S", 0.01)
    async with entrance(tmp_path, **KF) as ours:
        ours.api.script[SYNC].extend([{"errcode": -1, "errmsg": "busy"}, {"errcode": 0, "has_more": 1}])
        ours.api.stream = [item(1)]
        ours.start()
        await announce(ours)
        await until(lambda: len(ours.received) == 1)


async def test_items_that_cannot_be_stored_do_not_stop_the_stream(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        twice = item(1) | {"text": {"content": "另一句"}}
        broken = [
            None,
            7,
            item(8) | {"msgtype": None},
            item(9, "image", size=3),
            item(10) | {"text": {"content": ["a"]}},
        ]
        ours.api.stream = [item(1), twice, item(2, content="\ud800"), item(3)]
        ours.start()
        await announce(ours)
        await until(lambda: len(ours.received) == 2)
        assert texts(ours.house) == ["第1条", "第3条"]
        ours.api.script[SYNC].append({"errcode": 0, "next_cursor": "4", "has_more": 0, "msg_list": broken})
        await announce(ours)
        await until(lambda: len(ours.house.health.refusals) == 7)
        assert ours.house.health.refusals == ["conflict", "rejected_input"] + ["malformed"] * 5


async def test_stops_at_once_and_starts_again(tmp_path):
    async with entrance(tmp_path, open_kfids=["wk1"], **KF) as ours:

        async def never(_request):
            await asyncio.sleep(60)

        ours.api.script[SYNC].append(never)
        ours.start()
        await until(lambda: len(ours.api.to(SYNC)) == 1)
        ours.runner.cancel()
        with pytest.raises(asyncio.CancelledError):
            await ours.runner
        ours.api.stream = [item(1)]
        ours.start()
        await until(lambda: len(ours.received) == 1)


async def test_callbacks_are_always_encrypted(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        assert (await ours.get(ours.query(echostr="1")))[0] == 403
        echo = ours.encrypt("1616140317555161061")
        assert await ours.get(ours.query(echo, echostr=echo)) == (200, "1616140317555161061")
        assert (await ours.post(callback(), ours.query()))[0] == 403
        other = callback(event="change_contact")
        assert await ours.post(*ours.sealed(other)) == (200, "success"), "not for us, and not again please"


def outbound(**given: Any) -> OutboundMessage:
    values = {"message_id": "01JD0000000000000000000000", "channel_id": "wechat", "recipient": "wmA", "text": "已受理"}
    return OutboundMessage(created_at=datetime.now(UTC), **{**values, "context": {"open_kfid": "wk1"}, **given})


async def test_sending(tmp_path):
    async with entrance(tmp_path, **KF) as ours:
        sent = await ours.channel.send(outbound())
        assert sent == Sent(external_id="01JD0000000000000000000000")
        assert ours.api.to(SEND)[0].body == {
            "touser": "wmA",
            "open_kfid": "wk1",
            "msgid": "01JD0000000000000000000000",
            "msgtype": "text",
            "text": {"content": "已受理"},
        }
        await ours.channel.send(outbound(quick_replies=(("yes", "要"),)))
        assert ours.api.to(SEND)[1].body["msgmenu"]["list"] == [
            {"type": "click", "click": {"id": "yes", "content": "要"}}
        ]
        await ours.channel.send(outbound(text="长" * 1000))
        ids = [call.body["msgid"] for call in ours.api.to(SEND)[2:]]
        assert ids == ["01JD0000000000000000000000", "01JD0000000000000000000000-1"]
        assert all(len(one) <= 32 for one in ids)
        with pytest.raises(PermanentDeliveryError, match="open_kfids"):
            await ours.channel.send(outbound(context={}))
        ours.api.script[SEND].append({"errcode": 95001, "errmsg": "send msg count limit"})
        with pytest.raises(PermanentDeliveryError) as caught:
            await ours.channel.send(outbound())
        assert caught.value.code == "reply_window_closed"
        ours.api.script[SEND].append({"errcode": 42001, "errmsg": "access_token expired"})
        assert await ours.channel.send(outbound()) == sent
        ours.api.script[SEND].append({"errcode": -1, "errmsg": "busy"})
        with pytest.raises(TransientDeliveryError):
            await ours.channel.send(outbound())


async def test_message_that_did_not_reach_the_person(tmp_path):
    failed = {
        "msgid": "e1",
        "send_time": 1615478585,
        "origin": 4,
        "msgtype": "event",
        "event": {
            "event_type": "msg_send_fail",
            "open_kfid": "wk1",
            "external_userid": "wmA",
            "fail_msgid": "01JD0000000000000000000000",
            "fail_type": 4,
        },
    }
    async with entrance(tmp_path, api=ApiServer(stream=[failed]), open_kfids=["wk1"], **KF) as ours:
        ours.start()
        await until(lambda: len(ours.house.receipts) == 1)
        (receipt,) = ours.house.receipts
        assert (receipt.external_id, receipt.state) == ("01JD0000000000000000000000", "failed")
        assert receipt.error == "conversation_expired"
        assert not ours.received


def event(kind: str, **details: Any) -> dict[str, Any]:
    inside = {"event_type": kind, "open_kfid": "wk1", "external_userid": "wmA", **details}
    return {"msgtype": "event", "send_time": 1, "origin": 4, "event": inside}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (item(1, content="要", menu_id="yes"), {"kind": "text", "text": "要", "choice": "yes"}),
        (item(1, "image", media_id="i"), {"kind": "image", "media": MediaRef(ref="i")}),
        (item(1, "voice", media_id="v"), {"kind": "voice", "media": MediaRef(ref="v", media_type="audio/amr")}),
        (item(1, "video", media_id="v"), {"kind": "file", "media": MediaRef(ref="v", media_type="video/mp4")}),
        (item(1, "file", media_id="f"), {"kind": "file", "media": MediaRef(ref="f")}),
        (
            item(1, "location", latitude=20.0, longitude=110.5, name="桥", address="海口"),
            {"kind": "location", "location": Location(lat=20.0, lon=110.5, crs="gcj02", label="桥 海口")},
        ),
        (item(1, "location", latitude="x", longitude=1), {"event": "unsupported"}),
        (item(1, "link", title="题", desc="述", url="http://a"), {"kind": "text", "text": "题\n述\nhttp://a"}),
        (item(1, "business_card", userid="u"), {"event": "unsupported", "text": None, "opens": True}),
        (item(1, "miniprogram", title="页"), {"event": "unsupported", "text": "页"}),
        (item(1, "not_yet_invented", title=[1]), {"event": "unsupported", "text": None}),
        (item(1) | {"origin": 5}, {"event": "notice", "text": None, "opens": False}),
        (event("enter_session", scene="s", welcome_code="secret"), {"event": "notice", "opens": False}),
        (event("session_status_change"), {"event": "notice", "opens": False}),
        (event("user_recall_msg", recall_msgid="m1"), {"event": "recall", "event_data": {"of": "ww12345678910:m1"}}),
    ],
)
def test_kinds(found, expected):
    message = customer_service.translate(found, ORIGIN, settings(**KF))
    assert message is not None
    assert {key: getattr(message, key) for key in expected} == expected
    assert "secret" not in repr(message)
    closed = {"window": {"messages": 0, "within_s": 0}} if not message.opens else {}
    assert message.reply_context == {"open_kfid": "wk1", **closed}


def test_events_without_an_id_are_known_by_their_content():
    recall, other = event("user_recall_msg", recall_msgid="m1"), event("user_recall_msg", recall_msgid="m2")
    ids = [customer_service.external_id(found, "ww1") for found in (recall, json.loads(json.dumps(recall)), other)]
    assert ids[0] == ids[1] != ids[2]


def test_what_concerns_no_customer_is_left():
    found = {"msgtype": "event", "event": {"event_type": "servicer_status_change", "servicer_userid": "z"}}
    assert customer_service.translate(found, ORIGIN, settings(**KF)) is None
    with pytest.raises(Malformed):
        customer_service.translate(item(1) | {"external_userid": {"a": 1}}, ORIGIN, settings(**KF))
