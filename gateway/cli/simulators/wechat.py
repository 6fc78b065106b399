"""WeChat: callbacks of an official account, plain or encrypted as the channel's ``mode`` says; and of 微信客服."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

import aiohttp
from wechatpy.crypto import WeChatCrypto

from gateway.cli.simulators.base import Destination, HookProvider, Provider, SimulatedPost, settled
from gateway.cli.simulators.wechat_api import PICTURE, WechatApi

_NONCE = "1372623149"
_ACCOUNT = "wkSimulated"
READ_WITHIN_S = 20.0
PICTURE_EVERY = 10
"""With the API at hand, every so manyth message is a picture."""


def wechat(target: Destination) -> Provider:
    """The side of the platform that the channel's table names."""
    return CustomerService(target) if target.options.get("platform") == "wecom_kf" else OfficialAccount(target)


def _signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _sealed(target: Destination, xml: str, receiver: str, *, signature: bool) -> SimulatedPost:
    """A callback, encrypted and signed with the time of now; WeCom has only the signature over the ciphertext."""
    token, at = target.option("token"), str(int(time.time()))
    crypto = WeChatCrypto(token, target.option("encoding_aes_key"), target.option("app_id"))
    encrypted = crypto.encrypt_message(xml, _NONCE, at).partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    query = {"timestamp": at, "nonce": _NONCE, "msg_signature": _signature(token, at, _NONCE, encrypted)}
    if signature:
        query |= {"signature": _signature(token, at, _NONCE), "encrypt_type": "aes"}
    body = f"<xml><ToUserName>{receiver}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
    return SimulatedPost(
        url=f"{target.hook}?{urlencode(query)}", body=body.encode(), headers={"Content-Type": "text/xml"}
    )


class _Platform(HookProvider):
    """What both share: the API, where it is simulated too."""

    def __init__(self, target: Destination, *, api: bool) -> None:
        super().__init__(target)
        account, secret = (str(target.options.get(key, "")) for key in ("app_id", "app_secret"))
        self._api = WechatApi(app_id=account, secret=secret, asks_on=True)
        self._serves_api = api

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer for the API at the table's ``api_base``, until people have been answered."""
        if not self._serves_api:
            yield
            return
        where = urlsplit(self.target.option("api_base"))
        if where.scheme != "http" or not where.hostname or not where.port:
            raise ValueError(f"api_base {where.geturl()} must be http://HOST:PORT of this machine to be simulated")
        async with self._api.serve(where.hostname, where.port):
            yield
            await settled(lambda: len(self._api.sent))

    def heard(self) -> Mapping[str, int]:
        """Messages to people."""
        return {"sent": len(self._api.sent)} if self._serves_api else {}

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """A nonce that was not signed."""
        return replace(delivery, url=delivery.url.replace(_NONCE, "1372623150"))

    def is_picture(self, number: int) -> bool:
        """Whether a message is one: it has to be fetched from the API."""
        return self._serves_api and number % PICTURE_EVERY == 0


class OfficialAccount(_Platform):
    """公众号; needs ``token``, and ``app_id`` and ``encoding_aes_key`` unless ``mode`` is plain."""

    def __init__(self, target: Destination) -> None:
        super().__init__(target, api=target.api)

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """A message, signed with the time of now."""
        content = f"<MsgType>text</MsgType><Content>{escape(text)}</Content>"
        if self.is_picture(number):
            content = f"<MsgType>image</MsgType><PicUrl></PicUrl><MediaId>{PICTURE}</MediaId>"
        xml = (
            f"<xml><ToUserName>gh_simulated</ToUserName><FromUserName>oSim{person:024d}</FromUserName>"
            f"<CreateTime>{self.target.run + number // 1000}</CreateTime>{content}"
            f"<MsgId>{self.target.run * 10**8 + number}</MsgId></xml>"
        )
        if self.target.options.get("mode", "safe") != "plain":
            return _sealed(self.target, xml, "gh_simulated", signature=True)
        token, at = self.target.option("token"), str(int(time.time()))
        query = {"signature": _signature(token, at, _NONCE), "timestamp": at, "nonce": _NONCE}
        url = f"{self.target.hook}?{urlencode(query)}"
        return SimulatedPost(url=url, body=xml.encode(), headers={"Content-Type": "text/xml"})

    def acknowledged(self, status: int, body: bytes) -> bool:
        """``success``, or a reply."""
        return super().acknowledged(status, body) and (body == b"success" or body.startswith(b"<xml"))


class CustomerService(_Platform):
    """微信客服: a callback says that there is something, kf/sync_msg of the simulated API gives it.

    Needs ``token``, ``encoding_aes_key``, ``app_id`` (the corp id) and ``api_base``. A message is acknowledged when the
    gateway asks for what comes after it: only then it is stored.
    """

    def __init__(self, target: Destination) -> None:
        super().__init__(target, api=True)
        self._known: set[int] = set()

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """The callback of a message, which lies ready from now on."""
        if number not in self._known:
            self._known.add(number)
            kind = "image" if self.is_picture(number) else "text"
            self._api.stream.append(
                {
                    "msgid": f"sim-{self.target.run}-{number}",
                    "open_kfid": _ACCOUNT,
                    "external_userid": f"wmSim{person:024d}",
                    "send_time": self.target.run + number // 1000,
                    "origin": 3,
                    "msgtype": kind,
                    kind: {"media_id": PICTURE} if kind == "image" else {"content": text},
                }
            )
        corp = self.target.option("app_id")
        xml = (
            f"<xml><ToUserName>{corp}</ToUserName><CreateTime>{int(time.time())}</CreateTime><MsgType>event</MsgType>"
            f"<Event>kf_msg_or_event</Event><Token>simulated</Token><OpenKfId>{_ACCOUNT}</OpenKfId></xml>"
        )
        return _sealed(self.target, xml, corp, signature=False)

    async def send(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> tuple[str, bool]:
        """The callback; then wait until everything that lies ready has been read and stored."""
        wanted = len(self._api.stream)
        answer, taken = await super().send(http, delivery)
        if taken:
            async with asyncio.timeout(READ_WITHIN_S):
                await self._api.has_read(wanted)
        return answer, taken
