"""Short messages: callbacks of Aliyun, Tencent Cloud and Twilio; SMPP and CMPP are connections of the gateway's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from gateway.cli.simulators.base import Destination, HookProvider, Provider, SimulatedPost
from gateway.cli.simulators.links import Cmpp, Smpp, phone

_CHINA = timedelta(hours=8)


class _ByPath(HookProvider):
    """Providers without a signature: the secret is in the path."""

    def post(self, content: object) -> SimulatedPost:
        url = f"{self.target.hook}/{self.target.option('path_token')}"
        body = json.dumps(content, ensure_ascii=False).encode()
        return SimulatedPost(url=url, body=body, headers={"Content-Type": "application/json"})

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """A wrong path."""
        return replace(delivery, url=f"{self.target.hook}/forged-token-0000000000")


class Aliyun(_ByPath):
    """SmsUp; needs ``path_token``."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """An array of one message."""
        at = datetime.fromtimestamp(self.target.run + number // 1000, UTC) + _CHINA
        item = {
            "phone_number": phone(person),
            "content": text,
            "send_time": at.strftime("%Y-%m-%d %H:%M:%S"),
            "dest_code": "12345",
            "sequence_id": self.target.run * 10**6 + number,
        }
        return self.post([item])


class Tencent(_ByPath):
    """Reply callback; needs ``path_token``. It has no message id: the time tells two messages apart."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """One message."""
        at = self.target.run + number
        return self.post(
            {"extend": "12345", "mobile": phone(person), "nationcode": "86", "sign": "12345", "text": text, "time": at}
        )


class Twilio(HookProvider):
    """Incoming message webhook; needs ``auth_token``. The signature covers the public address of the hook."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """A form, signed."""
        form = {
            "MessageSid": f"SM{self.target.run:012x}{number:020x}",
            "AccountSid": str(self.target.options.get("account_sid", "AC00")),
            "From": f"+86{phone(person)}",
            "To": str(self.target.options.get("number") or "+8689812345"),
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
        }
        public = str(self.target.options.get("public_url") or self.target.base)
        told = f"{public}/hooks/{self.target.channel_id}" + "".join(key + form[key] for key in sorted(form))
        digest = hmac.new(self.target.option("auth_token").encode(), told.encode(), hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }
        return SimulatedPost(url=self.target.hook, body=urlencode(form).encode(), headers=headers)

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """The signature of something else."""
        return replace(delivery, headers={**delivery.headers, "X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="})


PROVIDERS: dict[str, Callable[[Destination], Provider]] = {
    "aliyun": Aliyun,
    "cmpp": Cmpp,
    "smpp": Smpp,
    "tencent": Tencent,
    "twilio": Twilio,
}


def sms(target: Destination) -> Provider:
    """The provider that the channel's table names; ``ValueError`` for an unknown one."""
    provider = target.option("provider")
    if provider not in PROVIDERS:
        raise ValueError(f"provider {provider!r} is unknown; known: {', '.join(PROVIDERS)}")
    return PROVIDERS[provider](target)
