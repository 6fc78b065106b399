"""``POST files``: a picture, voice message or file is one request, and that request is the message."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.webchat.answers import Refusal
from channels.webchat.assets import reader_language
from channels.webchat.exchange import Exchange
from channels.webchat.limits import ChatLimits
from channels.webchat.protocol import ClientId, Language, inbound_media
from channels.webchat.settings import WebChatSettings
from channels.webchat.sniff import as_kind, media_type
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef

PACE_S = 10.0
"""The smallest rate is asked for over so long."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST_NAME = 120


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: ClientId
    kind: Literal["image", "voice", "file"]
    name: Annotated[str, Field(max_length=500)] = ""
    age_ms: Annotated[int, Field(ge=0)] = 0
    lang: Language | None = None


class Uploads:
    """Takes uploads of one channel instance."""

    def __init__(
        self, *, settings: WebChatSettings, context: ChannelContext, limits: ChatLimits, exchange: Exchange
    ) -> None:
        self._settings = settings
        self._context = context
        self._limits = limits
        self._exchange = exchange

    async def take(self, request: web.Request, sender: str, address: str) -> dict[str, Any]:
        """Read, look at and store what is uploaded; the acknowledgement. Sending it again is harmless (``id``)."""
        query = _query(request)
        with self._limits.upload(address, sender):
            try:
                async with asyncio.timeout(self._settings.upload_s):
                    content = await self._read(request)
            except TimeoutError:
                raise Refusal(408, "too_slow", "The upload was too slow.", retry_after_s=5) from None
            found = media_type(content)
            kept = as_kind(found, query.kind) if found else None
            if kept is None:
                raise Refusal(415, "type_refused", f"This is no {query.kind} of a kind that is taken here.")
            message = inbound_media(
                kind=query.kind,
                media=MediaRef(media_type=kept, name=safe_name(query.name), size=len(content), data=content),
                client_id=query.id,
                channel_id=self._context.channel_id,
                sender=sender,
                now=self._context.clock.now(),
                age_ms=query.age_ms,
                line=self._settings.line,
                flow=self._settings.flow,
                language=query.lang or reader_language(request),
            )
            return await self._exchange.receive(message, query.id)

    async def _read(self, request: web.Request) -> bytes:
        most = self._settings.max_file_bytes
        if (request.content_length or 0) > most:
            raise _too_large(most)
        parts = bytearray()
        while True:
            due = len(parts) + PACE_S * self._settings.min_upload_bytes_per_s
            async with asyncio.timeout(PACE_S):
                while len(parts) < due:
                    chunk = await request.content.readany()
                    if not chunk:
                        return bytes(parts)
                    parts += chunk
                    if len(parts) > most:
                        raise _too_large(most)


def safe_name(name: str) -> str | None:
    """A file's name without path, control and direction characters; None when nothing is left."""
    cleaned = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip(" .")
    if len(cleaned) > _LONGEST_NAME:
        stem, dot, ending = cleaned.rpartition(".")
        short = dot and len(ending) <= 10  # noqa: PLR2004 - longer is no ending
        cleaned = f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}" if short else cleaned[:_LONGEST_NAME]
    return cleaned or None


def _too_large(most: int) -> Refusal:
    return Refusal(413, "too_large", f"Files may have {most} bytes at most.")


def _query(request: web.Request) -> _Query:
    try:
        return _Query.model_validate(dict(request.query))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Refusal(422, "malformed", f"{first['loc'][0]}: {first['msg']}") from None
