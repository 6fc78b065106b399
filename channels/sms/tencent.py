"""Tencent Cloud SMS: reply and status callbacks, SendSms signed with TC3-HMAC-SHA256.

The callbacks carry no signature: the URL's secret segment and ``allowed_ips`` protect them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from channels.sms.hooks import HookChannel, NotUnderstood, each, parse_json, word
from channels.sms.settings import TencentSettings
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.message import OutboundMessage, Sent

_ANSWER = {"result": 0, "errmsg": "OK"}
_ALGORITHM = "TC3-HMAC-SHA256"
_SERVICE = "sms"
_JSON = "application/json; charset=utf-8"
_PASSING_STARTS = ("RequestLimitExceeded", "LimitExceeded", "InternalError", "ServiceUnavailable")
_WAITS = {
    "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
    "LimitExceeded.PhoneNumberOneHourLimit": 3600.0,
    "LimitExceeded.PhoneNumberDailyLimit": 3600.0,
    "LimitExceeded.AppDailyLimit": 3600.0,
}
_CREDENTIAL_STARTS = ("AuthFailure", "UnauthorizedOperation")


def authorization(
    *, host: str, service: str, body: bytes, timestamp: int, secret_id: str, secret_key: str, content_type: str = _JSON
) -> str:
    """The Authorization header of a JSON POST (signature method v3), over content-type and host."""
    names = "content-type;host"
    lines = f"content-type:{content_type}\nhost:{host}\n"
    canonical = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    to_sign = "\n".join((_ALGORITHM, str(timestamp), scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"TC3{secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"


class TencentChannel(HookChannel):
    """See ``HookChannel``."""

    def __init__(self, settings: TencentSettings, context: ChannelContext) -> None:
        """``settings`` as checked."""
        super().__init__(settings, context)
        self._settings = settings

    def verify(self, request: web.Request, tail: str, body: bytes) -> None:  # noqa: ARG002 - there is no signature
        """See ``HookChannel``."""
        self.check_token(tail, self._settings.path_token, self._settings.previous_path_token)

    async def take(self, body: bytes) -> web.Response:
        """One reply as an object, or an array of statuses; one URL serves both."""
        given = await parse_json(body)
        items = given if isinstance(given, list) else [given]
        if not all(isinstance(item, dict) for item in items):
            raise NotUnderstood("an object or an array of objects is wanted")
        unknown = []
        async for item in each(items):
            if isinstance(item.get("text"), str) and word(item, "mobile"):
                await self._message(item)
            elif word(item, "sid"):
                await self._status(item)
            else:
                unknown.append(item)
        await self.keep_items(unknown)
        return self.accepted()

    def accepted(self) -> web.Response:
        """See ``HookChannel``."""
        return web.json_response(_ANSWER)

    async def _message(self, item: dict[str, Any]) -> None:
        """A reply has no id of its own; who, when and what together are one."""
        nation, mobile, when, text = word(item, "nationcode"), word(item, "mobile"), word(item, "time"), item["text"]
        told = f"{nation}\x1f{mobile}\x1f{when}\x1f{text}".encode("utf-8", "replace")
        await self.inbound.receive(
            self.inbound.message(
                external_id=hashlib.sha256(told).hexdigest()[:32],
                sender=f"+{nation}{mobile}" if nation else mobile,
                recipient=word(item, "extend"),
                text=text,
                sent_at=_time(when),
            )
        )

    async def _status(self, item: dict[str, Any]) -> None:
        good = word(item, "report_status") == "SUCCESS"
        why = f"{word(item, 'errmsg')} {word(item, 'description')}".strip()
        await self.receipt(word(item, "sid"), "delivered" if good else "failed", error=None if good else why)

    async def send(self, message: OutboundMessage) -> Sent:
        """SendSms (2021-01-11): our text becomes the template's only variable."""
        settings = self._settings
        asked = {
            "PhoneNumberSet": [message.recipient],
            "SmsSdkAppId": settings.sdk_app_id,
            "SignName": settings.sign_name,
            "TemplateId": settings.template_id,
            "TemplateParamSet": [message.text],
            "SessionContext": message.message_id,
        }
        body = json.dumps(asked, ensure_ascii=False).encode()
        timestamp = int(self.context.clock.now().timestamp())
        host = urlsplit(settings.base_url).netloc
        headers = {
            "Content-Type": _JSON,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Version": "2021-01-11",
            "X-TC-Region": settings.region,
            "X-TC-Timestamp": str(timestamp),
            "Authorization": authorization(
                host=host,
                service=_SERVICE,
                body=body,
                timestamp=timestamp,
                secret_id=settings.secret_id,
                secret_key=settings.secret_key.get_secret_value(),
            ),
        }
        _, answer = await self.call(f"{settings.base_url}/", data=body, headers=headers)
        return self._understand(answer)

    def _understand(self, answer: Any) -> Sent:
        try:
            response = answer["Response"]
            error = response.get("Error")
            status = {} if error else response["SendStatusSet"][0]
            code = str(error["Code"] if error else status["Code"])
        except (KeyError, IndexError, TypeError, AttributeError) as broken:
            raise TransientDeliveryError("Tencent Cloud answered in an unknown form") from broken
        if code == "Ok":
            self.health.token(ok=True)
            return Sent(external_id=word(status, "SerialNo") or None)
        if code.startswith(_PASSING_STARTS):
            raise TransientDeliveryError(f"Tencent Cloud: {code}", retry_after_s=_WAITS.get(code, 1.0), errcode=code)
        if code.startswith(_CREDENTIAL_STARTS):
            self.health.token(ok=False)
        raise PermanentDeliveryError(f"Tencent Cloud refused it: {code}", errcode=code)


def _time(value: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def build(settings: TencentSettings, context: ChannelContext) -> TencentChannel:
    """A channel by Tencent Cloud."""
    return TencentChannel(settings, context)
