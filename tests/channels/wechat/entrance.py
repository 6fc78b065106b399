"""A channel behind a tiny web application, the house around it, and WeChat's side in front."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from channels.wechat import SPEC
from channels.wechat.channel import WechatChannel
from channels.wechat.settings import WechatSettings
from gateway.edge.system_clock import SystemClock
from gateway.ports.message import InboundMessage
from tests.channels.wechat.api_server import ApiServer
from tests.support.fakes.house import FakeHouse
from tests.support.servers import served

TOKEN = "spamtest-callback-token"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP_ID = "wx2c2769f8efd9abc2"
SECRET = "app-secret-do-not-show"


class ClockAt(SystemClock):
    """Wall time stands at a given second; waiting goes on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


def settings(**given: Any) -> WechatSettings:
    values = {"app_id": APP_ID, "app_secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY, **given}
    return SPEC.settings.model_validate(values)


def text_xml(
    content: str = "路灯坏了", *, message_id: int = 1, sender: str = "oUser1", created: int | None = None
) -> str:
    safe = content.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[gh_12345]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{created or int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{safe}]]></Content><MsgId>{message_id}</MsgId></xml>"
    )


@dataclass
class Entrance:
    """WeChat's view of the gateway, and ours of the house."""

    house: FakeHouse
    channel: WechatChannel
    api: ApiServer
    url: str
    client: aiohttp.ClientSession
    settings: WechatSettings
    runner: asyncio.Task[None] | None = field(default=None)

    def query(self, *signed: str, at: float | None = None, **more: str) -> dict[str, str]:
        """Parameters as WeChat writes them; ``signed`` ciphertext makes a msg_signature."""
        timestamp, nonce = str(int(time.time() if at is None else at)), "1320562132"
        signer = WeChatSigner()
        signer.add_data(self.settings.token.get_secret_value(), timestamp, nonce)
        values = {"signature": signer.signature, "timestamp": timestamp, "nonce": nonce}
        if signed:
            signer = WeChatSigner()
            signer.add_data(self.settings.token.get_secret_value(), timestamp, nonce, *signed)
            values |= {"msg_signature": signer.signature, "encrypt_type": "aes"}
        return values | more

    def sealed(self, xml: str, *, at: float | None = None) -> tuple[str, dict[str, str]]:
        """A body in safe mode with its parameters."""
        encrypted = self.encrypt(xml)
        body = f"<xml><ToUserName><![CDATA[gh_12345]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return body, self.query(encrypted, at=at)

    def encrypt(self, xml: str) -> str:
        crypto = WeChatCrypto(TOKEN, AES_KEY, self.settings.app_id)
        envelope = crypto.encrypt_message(xml, "nonce", "1")
        return str(envelope.split("<Encrypt><![CDATA[")[1].split("]]>")[0])

    async def post(self, body: str | bytes, query: dict[str, str]) -> tuple[int, str]:
        data = body.encode("utf-8") if isinstance(body, str) else body
        async with self.client.post(f"{self.url}?{urlencode(query)}", data=data) as response:
            return response.status, await response.text()

    async def get(self, query: dict[str, str]) -> tuple[int, str]:
        async with self.client.get(f"{self.url}?{urlencode(query)}") as response:
            return response.status, await response.text()

    async def deliver(self, xml: str) -> tuple[int, str]:
        """One delivery in the channel's own mode."""
        if self.settings.mode == "plain":
            return await self.post(xml, self.query())
        return await self.post(*self.sealed(xml))

    @property
    def received(self) -> list[InboundMessage]:
        return self.house.received

    def start(self) -> None:
        self.runner = asyncio.create_task(self.channel.run())

    async def stop(self) -> None:
        if self.runner is not None:
            self.runner.cancel()
            await asyncio.gather(self.runner, return_exceptions=True)
            self.runner = None
        await self.channel.aclose(drain_s=1)


@asynccontextmanager
async def entrance(
    tmp_path: Path,
    *,
    house: FakeHouse | None = None,
    api: ApiServer | None = None,
    at: float | None = None,
    **given: Any,
) -> AsyncIterator[Entrance]:
    """A channel that is built but not running (``start``), reachable at ``url``."""
    house = house or FakeHouse()
    async with (api or ApiServer()).serve() as server:
        chosen = settings(api_base=server.base, **given)
        context = house.context(channel_id="wechat", data_dir=tmp_path)
        if at is not None:
            context = replace(context, clock=ClockAt(at))
        channel = SPEC.build(chosen, context)
        app = web.Application()
        app.router.add_route("*", "/hooks/wechat{tail:.*}", channel.handle)
        async with served(app) as url, aiohttp.ClientSession() as client:
            ours = Entrance(house, channel, server, f"{url}/hooks/wechat", client, chosen)
            try:
                yield ours
            finally:
                await ours.stop()
