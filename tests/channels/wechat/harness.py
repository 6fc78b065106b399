"""WeChat under the contract of all channels: an official account in its three modes, by template, and 微信客服."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import aiohttp
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from channels.wechat import SPEC
from gateway.ports.message import Sent
from tests.channels.wechat.api_server import ApiServer
from tests.channels.wechat.entrance import AES_KEY, APP_ID, SECRET, TOKEN
from tests.contract.channels.harness import BaseHarness, Said

_BEGAN = int(time.time())


def text_of(said: Said, sender: str) -> bytes:
    """A text as WeChat writes it; what XML cannot carry is sent as it is, for the channel to refuse."""
    content = said.text.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[gh_12345]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{_BEGAN + said.number}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{said.number}</MsgId></xml>"
    ).encode("utf-8", "surrogatepass")


class Harness(BaseHarness):
    """An official account."""

    spec = SPEC
    mode: ClassVar[str] = "safe"
    send_path: ClassVar[str] = "/cgi-bin/message/custom/send"
    longest_text: ClassVar[int] = 10_000
    not_applicable: ClassVar[Mapping[str, str]] = {
        "receipt": "customer-service messages have no receipts (template messages have: the template run)",
        "retry_after": "WeChat names no time; the minute's limit is waited for",
    }

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.api = ApiServer()
        self._resources = AsyncExitStack()
        self._client: aiohttp.ClientSession | None = None

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "app_id": APP_ID,
            "app_secret": SECRET,
            "token": TOKEN,
            "mode": self.mode,
            "encoding_aes_key": AES_KEY,
            "api_base": self.api.base,
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        return (SECRET, TOKEN, AES_KEY, *self.api.issued)

    async def open(self) -> None:
        await super().open()
        await self._resources.enter_async_context(self.api.serve())
        self._client = await self._resources.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))  # WeChat comes anew each time
        )

    async def close(self) -> None:
        await super().close()
        await self._resources.aclose()

    async def deliver(self, said: Said) -> bool:
        return await self._post(text_of(said, self.person(said.sender)), TOKEN)

    async def forge(self, said: Said) -> bool:
        return await self._post(text_of(said, self.person(said.sender)), TOKEN[:-1] + "X")

    def person(self, sender: int) -> str:
        return f"oPerson-{sender:04d}"

    def sent(self) -> list[tuple[str, str]]:
        joined: dict[str, str] = defaultdict(str)
        for call in self.api.to(self.send_path):
            joined[call.body["touser"]] += call.body["text"]["content"]
        return list(joined.items())

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        raise NotImplementedError

    def throttle(self, retry_after_s: float) -> None:
        assert retry_after_s > 0
        self.api.script[self.send_path].append({"errcode": 45011, "errmsg": "api minute-quota reach limit"})

    def refuse(self) -> None:
        self.api.script[self.send_path].append({"errcode": 40003, "errmsg": "invalid openid"})

    async def _post(self, body: bytes, token: str) -> bool:
        """Whether the platform was told "received"."""
        assert self._client is not None
        timestamp, nonce = str(int(time.time())), "1320562132"
        parts: list[bytes | str] = []
        if self.mode != "plain":
            sealed = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(body, nonce, timestamp)
            encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
            parts.append(encrypted)
            envelope = f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>".encode()
            whole = body.replace(b"</xml>", envelope + b"</xml>") if self.mode == "compatible" else None
            body = whole or b"<xml><ToUserName><![CDATA[gh_12345]]></ToUserName>" + envelope + b"</xml>"
        signer = WeChatSigner()
        signer.add_data(token, timestamp, nonce, *parts)
        name = "msg_signature" if parts else "signature"
        query = urlencode({name: signer.signature, "timestamp": timestamp, "nonce": nonce})
        try:
            async with self._client.post(f"{self.url}/hooks/{self.channel_id}?{query}", data=body) as response:
                return response.status == 200 and await response.text() == "success"
        except aiohttp.ClientError:
            return False


class PlainHarness(Harness):
    mode: ClassVar[str] = "plain"


class CompatibleHarness(Harness):
    mode: ClassVar[str] = "compatible"
    longest_text: ClassVar[int] = 7_000


class TemplateHarness(Harness):
    """Nobody wrote within 48 hours: everything goes out by template, and has receipts."""

    send_path: ClassVar[str] = "/cgi-bin/message/template/send"
    not_applicable: ClassVar[Mapping[str, str]] = {"retry_after": Harness.not_applicable["retry_after"]}

    @property
    def table(self) -> Mapping[str, Any]:
        return {**super().table, "template": {"id": "TPL", "text_key": "thing1", "text_limit": 500}}

    async def send(self, sender: int, text: str) -> Sent:
        self.api.script["/cgi-bin/message/custom/send"].append({"errcode": 45015, "errmsg": "out of time limit"})
        return await super().send(sender, text)

    def sent(self) -> list[tuple[str, str]]:
        return [(call.body["touser"], call.body["data"]["thing1"]["value"]) for call in self.api.to(self.send_path)]

    def refuse(self) -> None:
        self.api.script[self.send_path].append({"errcode": 43004, "errmsg": "require subscribe"})

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        status = "success" if delivered else "failed:user block"
        xml = (
            f"<xml><ToUserName>gh_12345</ToUserName><FromUserName>{self.person(1)}</FromUserName>"
            "<CreateTime>1395658920</CreateTime><MsgType>event</MsgType><Event>TEMPLATESENDJOBFINISH</Event>"
            f"<MsgID>{sent.external_id}</MsgID><Status><![CDATA[{status}]]></Status></xml>"
        )
        assert await self._post(xml.encode(), TOKEN)


class CustomerServiceHarness(Harness):
    """微信客服: what the cursor has passed is acknowledged."""

    send_path: ClassVar[str] = "/cgi-bin/kf/send_msg"
    longest_text: ClassVar[int] = 34_000
    not_applicable: ClassVar[Mapping[str, str]] = {
        "receipt": "微信客服 reports only failures (test_message_that_did_not_reach_the_person)",
        "retry_after": Harness.not_applicable["retry_after"],
    }

    @property
    def table(self) -> Mapping[str, Any]:
        return {**super().table, "platform": "wecom_kf"}

    async def deliver(self, said: Said) -> bool:
        found = {
            "msgid": f"m{said.number}",
            "open_kfid": "wk1",
            "external_userid": self.person(said.sender),
            "send_time": _BEGAN + said.number,
            "origin": 3,
            "msgtype": "text",
            "text": {"content": said.text},
        }
        pending = self.api.stream[self._passed() :]
        if found not in pending:
            self.api.stream.append(found)
        position = max(at for at, item in enumerate(self.api.stream, 1) if item == found)
        reads = len(self.api.to("/cgi-bin/kf/sync_msg"))
        if not await self._announce(TOKEN):
            return False
        async with asyncio.timeout(10):
            while self._passed() < position:
                if self.house.failure is not None and len(self.api.to("/cgi-bin/kf/sync_msg")) > reads:
                    await asyncio.sleep(0.1)
                    return self._passed() >= position
                await asyncio.sleep(0.01)
        return True

    async def forge(self, said: Said) -> bool:
        return await self._announce(TOKEN[:-1] + "X")

    def refuse(self) -> None:
        self.api.script[self.send_path].append({"errcode": 95018, "errmsg": "session status invalid"})

    def _passed(self) -> int:
        return int(self.house.states[self.channel_id].values.get("kf:cursor:wk1", "0"))

    async def _announce(self, token: str) -> bool:
        xml = (
            f"<xml><ToUserName>{APP_ID}</ToUserName><CreateTime>{_BEGAN}</CreateTime><MsgType>event</MsgType>"
            "<Event>kf_msg_or_event</Event><Token>T</Token><OpenKfId>wk1</OpenKfId></xml>"
        )
        return await self._post(xml.encode(), token)


HARNESSES = {
    "plain": PlainHarness,
    "compatible": CompatibleHarness,
    "safe": Harness,
    "template": TemplateHarness,
    "customer-service": CustomerServiceHarness,
}
