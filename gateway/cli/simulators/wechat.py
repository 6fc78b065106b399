"""WeChat: callbacks of an official account, plain or encrypted as the channel's ``mode`` says."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from wechatpy.crypto import WeChatCrypto

from gateway.cli.simulators.base import Delivery, HookProvider

_NONCE = "1372623149"


def _signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Wechat(HookProvider):
    """The platform's side; needs ``token``, and ``app_id`` and ``encoding_aes_key`` unless ``mode`` is plain."""

    def delivery(self, number: int, person: int, text: str) -> Delivery:
        """A text message, signed with the time of now."""
        xml = (
            f"<xml><ToUserName>gh_simulated</ToUserName><FromUserName>oSim{person:024d}</FromUserName>"
            f"<CreateTime>{self.target.run + number // 1000}</CreateTime><MsgType>text</MsgType>"
            f"<Content>{escape(text)}</Content><MsgId>{self.target.run * 10**8 + number}</MsgId></xml>"
        )
        token, at = self.target.option("token"), str(int(time.time()))
        query = {"signature": _signature(token, at, _NONCE), "timestamp": at, "nonce": _NONCE}
        if self.target.options.get("mode", "safe") != "plain":
            crypto = WeChatCrypto(token, self.target.option("encoding_aes_key"), self.target.option("app_id"))
            sealed = crypto.encrypt_message(xml, _NONCE, at)
            encrypted = sealed.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
            xml = f"<xml><ToUserName>gh_simulated</ToUserName><Encrypt>{encrypted}</Encrypt></xml>"
            query |= {"encrypt_type": "aes", "msg_signature": _signature(token, at, _NONCE, encrypted)}
        headers = {"Content-Type": "text/xml"}
        return Delivery(url=f"{self.target.hook}?{urlencode(query)}", body=xml.encode(), headers=headers)

    def forged(self, delivery: Delivery) -> Delivery:
        """A nonce that was not signed."""
        return replace(delivery, url=delivery.url.replace(_NONCE, "1372623150"))

    def acknowledged(self, status: int, body: bytes) -> bool:
        """``success``, or a reply."""
        return super().acknowledged(status, body) and (body == b"success" or body.startswith(b"<xml"))
