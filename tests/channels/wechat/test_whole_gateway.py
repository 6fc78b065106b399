"""Somebody writes on WeChat to a whole gateway: a ticket, an answer by the API, and a core that dies in between."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from tests.channels.wechat.api_server import ApiServer
from tests.channels.wechat.entrance import AES_KEY, APP_ID, SECRET, TOKEN, text_xml
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e


def tables(api: str) -> str:
    values = {"app_id": APP_ID, "app_secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY, "api_base": api}
    shared = "".join(f'{key} = "{value}"\n' for key, value in values.items())
    return (
        f'[[channel]]\nid = "wechat"\nkind = "wechat"\n{shared}'
        '[channel.template]\nid = "TPL"\n'
        f'[[channel]]\nid = "kf"\nkind = "wechat"\nplatform = "wecom_kf"\n{shared}'
    )


def sealed(xml: str) -> tuple[bytes, str]:
    timestamp, nonce = str(int(time.time())), "77"
    envelope = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(xml, nonce, timestamp)
    encrypted = envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    signer = WeChatSigner()
    signer.add_data(TOKEN, timestamp, nonce, encrypted)
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()
    return body, urlencode({"msg_signature": signer.signature, "timestamp": timestamp, "nonce": nonce})


async def deliver(gateway: RunningGateway, channel_id: str, xml: str) -> bool:
    """As WeChat does: three times at most, until it reads ``success``."""
    async with aiohttp.ClientSession() as client:
        for _ in range(3):
            body, query = sealed(xml)
            try:
                async with client.post(f"{gateway.url}/hooks/{channel_id}?{query}", data=body) as answer:
                    if await answer.text() == "success":
                        return True
            except aiohttp.ClientError:
                pass
            await asyncio.to_thread(gateway.wait_ready)
    return False


def by_channel(gateway: RunningGateway) -> dict[str, dict[str, Any]]:
    items = gateway.get("/api/v1/tickets")["items"]
    return {item["channel_id"]: gateway.get(f"/api/v1/tickets/{item['ticket_id']}") for item in items}


async def test_words_become_tickets(tmp_path: Path) -> None:
    async with ApiServer().serve() as api:
        gateway = RunningGateway(tmp_path, tables=tables(api.base))
        await asyncio.to_thread(gateway.start)
        try:
            await _story(gateway, api)
        finally:
            await asyncio.to_thread(gateway.stop)
        assert SECRET not in gateway.log.read_text("utf-8")
        assert "secret" not in gateway.log.read_text("utf-8"), "no token either: they end in -secret"


async def _story(gateway: RunningGateway, api: ApiServer) -> None:
    first = text_xml("小区门口的路灯不亮", message_id=1)
    assert await deliver(gateway, "wechat", first)
    gateway.kill("web+worker")
    assert await deliver(gateway, "wechat", first)
    assert await deliver(gateway, "wechat", text_xml("龙华区国贸路10号", message_id=2))
    api.stream = [
        {
            "msgid": "m1",
            "open_kfid": "wk1",
            "external_userid": "wmA",
            "send_time": int(time.time()),
            "origin": 3,
            "msgtype": "text",
            "text": {"content": "小区门口的井盖没有了"},
        }
    ]
    announced = (
        f"<xml><ToUserName>{APP_ID}</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
        "<Event>kf_msg_or_event</Event><Token>T</Token><OpenKfId>wk1</OpenKfId></xml>"
    )
    assert await deliver(gateway, "kf", announced)

    def both() -> dict[str, dict[str, Any]] | None:
        found = by_channel(gateway)
        return found if set(found) == {"wechat", "kf"} else None

    found = await asyncio.to_thread(eventually, both)
    (interaction,) = found["wechat"]["interactions"]
    said = [m["text"] for m in interaction["messages"] if m["direction"] == "inbound"]
    assert said == ["小区门口的路灯不亮", "龙华区国贸路10号"]
    assert found["wechat"]["place"]["address"] == "龙华区国贸路10号"

    def answered() -> bool:
        custom, kf = api.to("/cgi-bin/message/custom/send"), api.to("/cgi-bin/kf/send_msg")
        return len(custom) >= 2 and len(kf) >= 1

    await asyncio.to_thread(eventually, answered, what="answers by the API")
    body = api.to("/cgi-bin/message/custom/send")[0].body
    said = body["text"]["content"] if "text" in body else body["msgmenu"]["head_content"]
    number = found["wechat"]["ticket_no"]
    assert number in said.replace("-", "")
    assert api.to("/cgi-bin/kf/send_msg")[0].body["open_kfid"] == "wk1"
    health = {one["channel_id"]: one for one in (await asyncio.to_thread(gateway.get, "/api/v1/channels"))["items"]}
    assert health["wechat"]["kind"] == health["kf"]["kind"] == "wechat"
    assert health["wechat"]["ready"] is True
