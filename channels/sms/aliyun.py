"""Alibaba Cloud SMS: SmsUp and SmsReport as HTTP callbacks, SendSms signed with ACS3-HMAC-SHA256.

The callbacks carry no signature: the URL's secret segment and ``allowed_ips`` protect them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web
from yarl import URL

from channels.sms.hooks import HookChannel, NotUnderstood, each, parse_json, word
from channels.sms.numbers import digits
from channels.sms.settings import AliyunSettings
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.message import OutboundMessage, Sent

_CHINA = timezone(timedelta(hours=8))
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
_ANSWER = {"code": 0, "msg": "接收成功"}
_ALGORITHM = "ACS3-HMAC-SHA256"
_PASSING = {"isv.BUSINESS_LIMIT_CONTROL": 60.0, "isv.DAY_LIMIT_CONTROL": 3600.0, "isp.SYSTEM_ERROR": 5.0}
_PASSING_STARTS = ("Throttling", "ServiceUnavailable", "InternalError")
_CREDENTIAL_STARTS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature", "isp.RAM_PERMISSION_DENY")


def sign(
    *, host: str, action: str, version: str, query: Mapping[str, str], date: str, nonce: str, key_id: str, secret: str
) -> tuple[str, dict[str, str]]:
    """Query string and headers of an RPC-style POST without a body (signature method V3)."""
    canonical_query = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in sorted(query.items()))
    body_hash = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": body_hash,
        "x-acs-date": date,
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n{canonical_query}\n{lines}\n{names}\n{body_hash}"
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    authorization = f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
    return canonical_query, headers | {"Authorization": authorization}


def _escape(value: str) -> str:
    return quote(value, safe="-_.~")


class AliyunChannel(HookChannel):
    """See ``HookChannel``."""

    def __init__(self, settings: AliyunSettings, context: ChannelContext) -> None:
        """``settings`` as checked."""
        super().__init__(settings, context)
        self._settings = settings

    def verify(self, request: web.Request, tail: str, body: bytes) -> None:  # noqa: ARG002 - there is no signature
        """See ``HookChannel``."""
        self.check_token(tail, self._settings.path_token, self._settings.previous_path_token)

    async def take(self, body: bytes) -> web.Response:
        """An array of messages or of reports; one URL serves both."""
        items = await parse_json(body)
        if isinstance(items, dict):
            items = [items]
        if not isinstance(items, list):
            raise NotUnderstood("an array is wanted")
        unknown = []
        async for item in each(items):
            if isinstance(item, dict) and isinstance(item.get("content"), str) and word(item, "phone_number", "number"):
                await self._message(item)
            elif isinstance(item, dict) and word(item, "biz_id"):
                await self._report(item)
            else:
                unknown.append(item)
        await self.keep_items(unknown)
        return self.accepted()

    def accepted(self) -> web.Response:
        """See ``HookChannel``."""
        return web.json_response(_ANSWER)

    async def _message(self, item: dict[str, Any]) -> None:
        sender = word(item, "phone_number", "number")
        text, when = str(item["content"]), word(item, "send_time")
        told = f"{sender}\x1f{when}\x1f{text}".encode("utf-8", "replace")
        await self.inbound.receive(
            self.inbound.message(
                external_id=word(item, "sequence_id") or hashlib.sha256(told).hexdigest()[:32],
                sender=sender,
                recipient=word(item, "dest_code"),
                text=text,
                sent_at=_time(when),
            )
        )

    async def _report(self, item: dict[str, Any]) -> None:
        good = item.get("success") is True or word(item, "success").lower() == "true"
        why = f"{word(item, 'err_code')} {word(item, 'err_msg')}".strip()
        await self.receipt(
            word(item, "biz_id"),
            "delivered" if good else "failed",
            error=None if good else why,
            at=_time(word(item, "report_time")),
        )

    async def send(self, message: OutboundMessage) -> Sent:
        """SendSms (2017-05-25): our text becomes the template's variable."""
        settings = self._settings
        query, headers = sign(
            host=urlsplit(settings.base_url).netloc,
            action="SendSms",
            version="2017-05-25",
            query={
                "PhoneNumbers": digits(message.recipient.removeprefix("+86")),
                "SignName": settings.sign_name,
                "TemplateCode": settings.template_code,
                "TemplateParam": json.dumps({settings.template_variable: message.text}, ensure_ascii=False),
                "OutId": message.message_id,
            },
            date=self.context.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            nonce=secrets.token_hex(16),
            key_id=settings.access_key_id,
            secret=settings.access_key_secret.get_secret_value(),
        )
        _, answer = await self.call(URL(f"{settings.base_url}/?{query}", encoded=True), headers=headers)
        code = word(answer, "Code") if isinstance(answer, dict) else ""
        if code == "OK":
            self.health.token(ok=True)
            return Sent(external_id=word(answer, "BizId") or None)
        if code in _PASSING or code.startswith(_PASSING_STARTS):
            raise TransientDeliveryError(f"Aliyun: {code}", retry_after_s=_PASSING.get(code, 1.0), errcode=code)
        if code.startswith(_CREDENTIAL_STARTS):
            self.health.token(ok=False)
        raise PermanentDeliveryError(f"Aliyun refused it: {code or 'an answer without Code'}", errcode=code or None)


def _time(value: str) -> datetime | None:
    for form in _FORMATS:
        try:
            return datetime.strptime(value, form).replace(tzinfo=_CHINA).astimezone(UTC)
        except ValueError:
            continue
    return None


def build(settings: AliyunSettings, context: ChannelContext) -> AliyunChannel:
    """A channel by Alibaba Cloud."""
    return AliyunChannel(settings, context)
