"""Answers, templates, media and the token, against an API on loopback."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from channels.wechat.api import Api
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.clock import SystemClock
from gateway.ports.message import MediaRef, OutboundMessage, Sent
from tests.channels.wechat.api_server import ApiServer
from tests.channels.wechat.entrance import SECRET, entrance, settings
from tests.support.data import each
from tests.support.fakes.house import FakeHouse
from tests.support.waiting import until

pytestmark = pytest.mark.integration

SEND = "/cgi-bin/message/custom/send"
TEMPLATE = {"id": "TPL", "text_key": "thing1", "data": {"phrase2": "处理中"}, "url": "https://12345.test/t"}


def message(text: str = "已受理", **given) -> OutboundMessage:
    values = {"message_id": "01JD0000000000000000000000", "channel_id": "wechat", "recipient": "oUser1", "text": text}
    return OutboundMessage(created_at=datetime.now(UTC), **{**values, **given})


async def test_text_goes_out_as_it_stands(tmp_path):
    async with entrance(tmp_path) as ours:
        assert await ours.channel.send(message("已受理：海甸岛😀 ]]> \"'")) == Sent(
            external_id="01JD0000000000000000000000"
        )
        (call,) = ours.api.to(SEND)
        assert call.body == {"touser": "oUser1", "msgtype": "text", "text": {"content": "已受理：海甸岛😀 ]]> \"'"}}
        assert "海甸岛😀".encode() in call.raw, "escapes would be shown to the reader"


async def test_quick_replies_are_a_menu(tmp_path):
    async with entrance(tmp_path) as ours:
        await ours.channel.send(message("要人工吗？", quick_replies=(("yes", "要"), ("no", "不要"))))
        assert ours.api.to(SEND)[0].body["msgmenu"] == {
            "head_content": "要人工吗？",
            "list": [{"id": "yes", "content": "要"}, {"id": "no", "content": "不要"}],
            "tail_content": "",
        }


async def test_long_text_is_cut_and_a_retry_goes_on_where_it_stopped(tmp_path):
    text = "这是很长的一句话。" * 600
    async with entrance(tmp_path) as ours:
        ours.api.script[SEND].extend([{"errcode": 0}, {"errcode": -1, "errmsg": "system error"}])
        long = message(text, quick_replies=(("a", "甲"),))
        with pytest.raises(TransientDeliveryError):
            await ours.channel.send(long)
        await ours.channel.send(long)
        sent = [call.body for call in ours.api.to(SEND)]
        del sent[1]  # the one that failed
        texts = [body["text"]["content"] if "text" in body else body["msgmenu"]["head_content"] for body in sent]
        assert "".join(texts) == text
        assert all(len(part.encode()) <= 2048 for part in texts)
        assert len(texts[-1].encode()) <= 1024
        assert all(part.endswith("。") for part in texts)


async def test_eight_cold_clients_fetch_one_token():
    house = FakeHouse()
    async with ApiServer(token_delay_s=0.2).serve() as server:
        chosen = settings(api_base=server.base)
        clients = [
            Api(chosen, channel_id="wechat", cache=house.cache, health=house.health, clock=SystemClock())
            for _ in range(8)
        ]
        await asyncio.gather(*(client.post(SEND, {"touser": f"o{at}"}) for at, client in enumerate(clients)))
        assert len(server.to("/cgi-bin/stable_token")) == 1
        assert len(server.to(SEND)) == 8
        server.revoke()
        await asyncio.gather(*(client.post(SEND, {"touser": "again"}) for client in clients))
        tokens = [call.body["force_refresh"] for call in server.to("/cgi-bin/stable_token")]
        assert tokens == [False, True], "one more, and forced, because the present one was refused"
        for client in clients:
            await client.aclose()
    assert [ok for ok, _ in house.health.tokens] == [True, True]


async def test_token_request_is_the_stable_one(tmp_path):
    async with entrance(tmp_path) as ours:
        await ours.channel.send(message())
        (call,) = ours.api.to("/cgi-bin/stable_token")
        assert call.body == {
            "grant_type": "client_credential",
            "appid": ours.settings.app_id,
            "secret": SECRET,
            "force_refresh": False,
        }
        ok, expires_at = ours.house.health.tokens[0]
        assert ok
        assert 7100 < (expires_at - datetime.now(UTC)).total_seconds() <= 7200


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_refused_token_is_replaced_once(code, tmp_path):
    async with entrance(tmp_path) as ours:
        ours.api.script[SEND].append({"errcode": code, "errmsg": "access_token expired"})
        await ours.channel.send(message())
        assert len(ours.api.to(SEND)) == 2
        ours.api.script[SEND].extend([{"errcode": code, "errmsg": "no"}] * 2)
        with pytest.raises(TransientDeliveryError) as caught:
            await ours.channel.send(message())
        assert caught.value.retry_after_s == 300
        assert len(ours.api.to(SEND)) == 4


@pytest.mark.parametrize(
    ("code", "kind", "retry_after_s"),
    [
        (-1, TransientDeliveryError, 2),
        (45009, TransientDeliveryError, 600),
        (45011, TransientDeliveryError, 60),
        (40164, TransientDeliveryError, 300),
        (45015, PermanentDeliveryError, None),
        (45047, PermanentDeliveryError, None),
        (48002, PermanentDeliveryError, None),
        (40003, PermanentDeliveryError, None),
        (43004, PermanentDeliveryError, None),
        (99999, PermanentDeliveryError, None),
    ],
)
async def test_error_codes(code, kind, retry_after_s, tmp_path):
    async with entrance(tmp_path) as ours:
        ours.api.script[SEND].append({"errcode": code, "errmsg": "rid: 1"})
        with pytest.raises(kind) as caught:
            await ours.channel.send(message())
        assert str(code) in str(caught.value)
        assert getattr(caught.value, "retry_after_s", None) == retry_after_s
        assert caught.value.code == ("reply_window_closed" if code in {45015, 45047, 48002} else kind.code)


@pytest.mark.parametrize(
    ("answer", "kind", "retry_after_s"),
    [
        (web.Response(status=429, headers={"Retry-After": "17"}), TransientDeliveryError, 17),
        (web.Response(status=502), TransientDeliveryError, None),
        (web.Response(status=404), PermanentDeliveryError, None),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), PermanentDeliveryError, None),
        (web.Response(text="<html>busy</html>"), TransientDeliveryError, None),
        (web.Response(text="[]"), TransientDeliveryError, None),
    ],
)
async def test_http_answers(answer, kind, retry_after_s, tmp_path):
    async with entrance(tmp_path) as ours:
        ours.api.script[SEND].append(answer)
        with pytest.raises(kind) as caught:
            await ours.channel.send(message())
        assert getattr(caught.value, "retry_after_s", None) == retry_after_s


async def test_unreachable_and_silent_apis_are_transient_and_show_no_secret(tmp_path, capfd):
    async with entrance(tmp_path, request_timeout_s=0.2) as ours:
        await ours.channel.send(message())

        async def never(_request: web.Request) -> web.Response:
            await asyncio.sleep(1)
            return web.Response()

        ours.api.script[SEND].append(never)
        with pytest.raises(TransientDeliveryError) as silent:
            await ours.channel.send(message())
    async with entrance(tmp_path, house=ours.house) as gone:
        gone.channel._api._settings = ours.settings  # that server is closed by now
        with pytest.raises(TransientDeliveryError) as unreachable:
            await gone.channel.send(message())
    for caught in (silent, unreachable):
        shown = repr(caught.value) + str(caught.value.__cause__) + "".join(capfd.readouterr())
        assert caught.value.__suppress_context__
        assert "TOKEN-1" not in shown
        assert SECRET not in shown


async def test_wrong_secret_is_seen_at_the_start(tmp_path):
    async with entrance(
        tmp_path, api=ApiServer(token_refusal={"errcode": 40125, "errmsg": "invalid appsecret"})
    ) as ours:
        ours.start()
        await until(lambda: ours.house.health.tokens == [(False, None)])
        with pytest.raises(TransientDeliveryError) as caught:
            await ours.channel.send(message())
        assert caught.value.retry_after_s == 300
        assert await ours.channel.ready()


@pytest.mark.parametrize("code", [40243, 50007, 40125])
async def test_account_in_trouble_loses_no_message(code, tmp_path):
    """No message is to blame for a token that is refused; whoever waits learns of it together."""
    async with entrance(tmp_path, api=ApiServer(token_refusal={"errcode": code, "errmsg": "no"})) as ours:
        outcomes = await asyncio.gather(*(ours.channel.send(message()) for _ in range(20)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {TransientDeliveryError}
        assert {outcome.retry_after_s for outcome in outcomes} == {300}
        assert len(ours.api.to("/cgi-bin/stable_token")) == 1
        assert ours.house.health.tokens == [(False, None)]


@pytest.mark.parametrize("recordings", each("vectors/wechatpy_api_responses"))
async def test_recorded_answers_are_taken(tmp_path, recordings):
    recorded = {path.stem: json.loads(path.read_text("utf-8")) for path in recordings.glob("*.json")}
    async with entrance(tmp_path) as ours:
        ours.api.issued.append(recorded["token"]["access_token"])
        ours.api.script[SEND].append(recorded["message_custom_send"])
        assert await ours.channel.send(message()) == Sent(external_id="01JD0000000000000000000000")


@pytest.mark.parametrize(
    ("kind", "path", "link"),
    [
        ("template", "/cgi-bin/message/template/send", "url"),
        ("subscribe", "/cgi-bin/message/subscribe/bizsend", "page"),
    ],
)
@pytest.mark.parametrize("code", [45015, 45047])
async def test_closed_window_takes_the_template(kind, path, link, code, tmp_path):
    async with entrance(tmp_path, template=TEMPLATE | {"kind": kind}) as ours:
        ours.api.script[SEND].append({"errcode": code, "errmsg": "response out of time limit"})
        sent = await ours.channel.send(message("您的诉求已经办结，请您对处理结果作出评价，谢谢您"))
        assert sent == Sent(external_id="200228332" if kind == "template" else "01JD0000000000000000000000")
        assert ours.api.to(path)[0].body == {
            "touser": "oUser1",
            "template_id": "TPL",
            "data": {"phrase2": {"value": "处理中"}, "thing1": {"value": "您的诉求已经办结，请您对处理结果作出评…"}},
            link: "https://12345.test/t",
        }


async def test_closed_window_and_refused_template(tmp_path):
    async with entrance(tmp_path, template=TEMPLATE) as ours:
        ours.api.script[SEND].append({"errcode": 45015, "errmsg": "late"})
        ours.api.script["/cgi-bin/message/template/send"].append({"errcode": 43004, "errmsg": "require subscribe"})
        with pytest.raises(PermanentDeliveryError, match="45015"):
            await ours.channel.send(message())
        ours.api.script[SEND].append({"errcode": 45015, "errmsg": "late"})
        ours.api.script["/cgi-bin/message/template/send"].append({"errcode": -1, "errmsg": "busy"})
        with pytest.raises(TransientDeliveryError):
            await ours.channel.send(message())


async def fetched(ours, ref: str) -> bytes:
    return b"".join([chunk async for chunk in ours.channel.fetch(MediaRef(ref=ref))])


async def test_media(tmp_path):
    async with entrance(tmp_path) as ours:
        voice = b"#!AMR\n" + bytes(range(256)) * 2000
        ours.api.media = {
            "v8": ("audio/amr", voice),
            "note": ("text/plain", b'{"errcode":40001}'),
            "sp": ("voice/speex", b"x"),
        }
        assert await fetched(ours, "v8") == voice
        assert await fetched(ours, "v16 v8") == voice, "the 16 kHz recording was not to be had"
        assert await fetched(ours, "note") == b'{"errcode":40001}', "a text file is not an error"
        assert await fetched(ours, "sp") == b"x"
        with pytest.raises(PermanentDeliveryError, match="40007"):
            await fetched(ours, "gone lost")
        with pytest.raises(PermanentDeliveryError):
            await fetched(ours, "")
        ours.api.script["/cgi-bin/media/get"].append({"video_url": f"{ours.api.base}/video"})
        assert await fetched(ours, "film") == b"the video"
        ours.api.script["/cgi-bin/media/get"].append({"video_url": "file:///etc/passwd"})
        with pytest.raises(PermanentDeliveryError):
            await fetched(ours, "film")
        ours.api.revoke()
        assert await fetched(ours, "v8") == voice, "the token is replaced for media too"
        ours.api.script["/cgi-bin/media/get"].append({"errcode": -1, "errmsg": "busy"})
        with pytest.raises(TransientDeliveryError):
            await fetched(ours, "v8 v8")
