"""Outgoing messages: texts cut to the limit, quick replies as a menu, a template outside the reply window."""

from __future__ import annotations

from typing import Any

from channels.wechat.api import Api
from channels.wechat.settings import TemplateSettings, WechatSettings
from gateway.errors import PermanentDeliveryError, ReplyWindowClosed
from gateway.ports.message import OutboundMessage, Sent, SharedCache
from gateway.telemetry import log

_log = log.get("wechat")

TEXT_BYTES = 2048
"""UTF-8 bytes of one text message, both platforms."""
HEAD_BYTES = 1024
"""UTF-8 bytes above the choices of a menu message."""
_LABEL_BYTES = 128
_CHOICES = 10
_REMEMBER_S = 86_400.0


def parts(content: str, *, last: int = TEXT_BYTES) -> list[str]:
    """``content`` in pieces of at most ``TEXT_BYTES``, the last of at most ``last``; cut behind a near sentence."""
    pieces: list[str] = []
    rest = content
    while len(rest.encode("utf-8", "replace")) > last:
        limit = TEXT_BYTES if len(rest.encode("utf-8", "replace")) > TEXT_BYTES else last
        head = clip(rest, limit)
        near = max(head.rfind(mark, len(head) * 3 // 4) for mark in "\n。！？；.!?")
        head = head[: near + 1] if near >= 0 else head
        pieces.append(head)
        rest = rest[len(head) :]
    return [*pieces, rest] if rest or not pieces else pieces


def clip(content: str, limit: int) -> str:
    """The longest beginning within ``limit`` UTF-8 bytes."""
    return content.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


class Outbound:
    """Sends through one account."""

    def __init__(self, settings: WechatSettings, api: Api, cache: SharedCache) -> None:
        self._settings = settings
        self._api = api
        self._cache = cache

    async def send(self, message: OutboundMessage) -> Sent:
        """See ``TextChannel.send``. A text of several parts goes on, when sent again, where it stopped."""
        texts = parts(message.text, last=HEAD_BYTES if message.quick_replies else TEXT_BYTES)
        progress = f"wechat:{message.channel_id}:sent:{message.message_id}"
        done = int(await self._cache.get(progress) or 0) if len(texts) > 1 else 0
        external_id: str | None = None
        for at, content in enumerate(texts):
            if at < done:
                continue
            body = self._menu(content, message) if message.quick_replies and at == len(texts) - 1 else _text(content)
            try:
                external_id = await self._deliver(message, at, body)
            except ReplyWindowClosed as closed:
                if self._settings.template is None:
                    raise
                return await self._template(message, self._settings.template, closed)
            if at < len(texts) - 1:
                await self._cache.put(progress, str(at + 1), _REMEMBER_S)
        # Customer-service messages get no id, and no receipt that would name one.
        return Sent(external_id=external_id or message.message_id)

    async def _deliver(self, message: OutboundMessage, at: int, body: dict[str, Any]) -> str | None:
        if self._settings.platform == "wecom_kf":
            account = message.context.get("open_kfid") or next(iter(self._settings.open_kfids), None)
            if not account:
                raise PermanentDeliveryError("no 微信客服 account is known to answer from: set open_kfids")
            body |= {
                "open_kfid": account,
                # The same id under a retry: WeCom's msg_send_fail names it, and it is not shown twice.
                "msgid": message.message_id if at == 0 else f"{message.message_id}-{at}",
            }
            path = "/cgi-bin/kf/send_msg"
        else:
            path = "/cgi-bin/message/custom/send"
        answer = await self._api.post(path, {"touser": message.recipient} | body)
        given = answer.get("msgid")
        return str(given) if given else None

    def _menu(self, head: str, message: OutboundMessage) -> dict[str, Any]:
        choices = [(key, clip(label, _LABEL_BYTES)) for key, label in message.quick_replies[:_CHOICES]]
        listed: list[dict[str, Any]]
        if self._settings.platform == "wecom_kf":
            listed = [{"type": "click", "click": {"id": key, "content": label}} for key, label in choices]
        else:
            listed = [{"id": key, "content": label} for key, label in choices]
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": listed, "tail_content": ""}}

    async def _template(self, message: OutboundMessage, template: TemplateSettings, closed: ReplyWindowClosed) -> Sent:
        """Send the configured template; when that cannot go either, the closed window is the reason to show."""
        text = (
            message.text if len(message.text) <= template.text_limit else message.text[: template.text_limit - 1] + "…"
        )
        data = {key: {"value": value} for key, value in {**template.data, template.text_key: text}.items()}
        body: dict[str, Any] = {"touser": message.recipient, "template_id": template.id, "data": data}
        if template.kind == "template":
            path, link = "/cgi-bin/message/template/send", "url"
        else:
            path, link = "/cgi-bin/message/subscribe/bizsend", "page"
        if template.url:
            body[link] = template.url
        try:
            answer = await self._api.post(path, body)
        except PermanentDeliveryError as error:
            _log.warning("wechat_template_refused", exc_info=error)
            raise closed from None
        return Sent(external_id=str(answer.get("msgid") or message.message_id))


def _text(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}
