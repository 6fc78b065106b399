"""The Bot API, through python-telegram-bot's ``Bot``: its faults as ours, updates as they came, files as a stream.

Only ``Bot`` is used, not ``Application``: its queue of updates lives in memory, and ours are stored first.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, WebhookInfo
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError
from telegram.request import HTTPXRequest

from channels.telegram.settings import TelegramSettings
from gateway.edge.http_client import HttpClient
from gateway.errors import GatewayError, PermanentDeliveryError, TransientDeliveryError
from gateway.ports.message import ChannelHealth

UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of update we ask for."""
BATCH = 100
_CHUNK = 65_536
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class SlowDown(TelegramError):
    """Too many requests. The library's own RetryAfter warns of itself on every use in 22.x."""

    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__("too many requests")
        self.retry_after_s = retry_after_s


class _Request(HTTPXRequest):
    """The library's client; an answer that is no JSON (it may quote a citizen) is not written to the log."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._under_way: set[asyncio.Task[tuple[int, bytes]]] = set()

    async def shutdown(self) -> None:
        """End what is under way, then close. httpcore loses a connection that is being made while its pool closes."""
        while self._under_way:
            for asking in self._under_way:
                asking.cancel()
            await asyncio.wait(set(self._under_way))
        await super().shutdown()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        asking = asyncio.create_task(super().do_request(*args, **kwargs))
        self._under_way.add(asking)
        asking.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait({asking})
        finally:
            asking.cancel()
        if asking.cancelled():
            raise NetworkError("the client is closed")
        code, payload = asking.result()
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise SlowDown(_retry_after_s(payload))
        return code, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            found = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("the answer is no JSON") from None
        return found if isinstance(found, dict) else {}


def _retry_after_s(payload: bytes) -> float | None:
    """``parameters.retry_after`` (Bot API, ResponseParameters)."""
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return None


def failure(error: TelegramError) -> GatewayError:
    """The product's error for a fault of the library; messages quote the API's description, never a request."""
    if isinstance(error, SlowDown):
        return TransientDeliveryError(
            "Telegram asks to slow down", retry_after_s=error.retry_after_s, http_status=HTTPStatus.TOO_MANY_REQUESTS
        )
    if isinstance(error, InvalidToken):
        # An operator can correct the token; what waits must not be lost until then.
        return TransientDeliveryError(
            "Telegram refuses the bot's token: check token", http_status=HTTPStatus.UNAUTHORIZED
        )
    if isinstance(error, Forbidden):
        return PermanentDeliveryError(
            f"the person cannot be written to: {error.message[:200]}", http_status=HTTPStatus.FORBIDDEN
        )
    if isinstance(error, BadRequest):
        return PermanentDeliveryError(f"Telegram refuses it: {error.message[:200]}", http_status=HTTPStatus.BAD_REQUEST)
    if isinstance(error, ChatMigrated):
        return PermanentDeliveryError("the chat is a group now")
    return TransientDeliveryError(f"Telegram cannot be reached ({type(error).__name__})")


class BotApi:
    """One bot. Every method raises ``TransientDeliveryError`` or ``PermanentDeliveryError``."""

    def __init__(self, settings: TelegramSettings, health: ChannelHealth) -> None:
        """Nothing is connected before the first call."""
        # It logs every address that it asks, and the Bot API's addresses hold the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._settings = settings
        self._health = health
        token = settings.token.get_secret_value()
        self.bot_id = token.partition(":")[0]
        wait = settings.request_timeout_s
        self._asking, self._calling = (
            _Request(size, read_timeout=wait, write_timeout=wait, connect_timeout=wait, pool_timeout=wait)
            for size in (2, 32)
        )
        self._bot = Bot(
            token,
            base_url=f"{settings.base_url}/bot",
            base_file_url=f"{settings.files}/file/bot",
            request=self._calling,
            get_updates_request=self._asking,
        )
        idle = aiohttp.ClientTimeout(total=None, sock_connect=wait, sock_read=wait)
        self._files = HttpClient(lambda: aiohttp.ClientSession(timeout=idle))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._asking.shutdown()
        await self._calling.shutdown()
        await self._files.aclose()

    async def say(self, chat: str, text: str, choices: Sequence[tuple[str, str]] = ()) -> str:
        """Send one text of at most 4096 UTF-16 units, with buttons (key, label) under it; the message's id."""
        buttons = [[InlineKeyboardButton(label, callback_data=key)] for key, label in choices]
        async with self._translated():
            message = await self._bot.send_message(
                chat_id=int(chat),
                text=text,
                reply_markup=InlineKeyboardMarkup(buttons) if buttons else None,
                link_preview_options=_NO_PREVIEW,
            )
        return str(message.message_id)

    async def tapped(self, callback_id: str) -> None:
        """Tell the app that a button's tap was taken, so that it stops waiting."""
        async with self._translated():
            await self._bot.answer_callback_query(callback_id)

    async def set_webhook(self, url: str) -> None:
        """Name our address and what Telegram shall prove itself with."""
        async with self._translated():
            await self._bot.set_webhook(
                url,
                secret_token=self._settings.secret_token.get_secret_value(),
                max_connections=self._settings.max_connections,
                allowed_updates=UPDATES,
            )

    async def delete_webhook(self) -> None:
        """Let updates wait for ``updates``."""
        async with self._translated():
            await self._bot.delete_webhook()

    async def webhook(self) -> WebhookInfo:
        """What Telegram knows of our address, and how delivering to it went."""
        async with self._translated():
            return await self._bot.get_webhook_info()

    async def updates(self, offset: int | None) -> list[Any]:
        """Updates from ``offset`` on as they came, oldest first; those before it are acknowledged by asking.

        They are not parsed by the library here: one that it cannot read would hold up all behind it.
        """
        wait = self._settings.poll_timeout_s
        query = {"timeout": str(wait), "limit": str(BATCH), "allowed_updates": json.dumps(UPDATES)}
        if offset is not None:
            query["offset"] = str(offset)
        async with self._translated():
            payload = await self._asking.retrieve(
                f"{self._bot.base_url}/getUpdates?{urlencode(query)}",
                read_timeout=wait + self._settings.request_timeout_s,
            )
        try:
            found = json.loads(payload)["result"]
        except (ValueError, KeyError, TypeError):
            raise TransientDeliveryError("Telegram's answer to getUpdates is no JSON") from None
        return found if isinstance(found, list) else []

    async def file(self, file_id: str) -> AsyncIterator[bytes]:
        """A file's bytes, ``max_file_bytes`` at most."""
        async with self._translated():
            found = await self._bot.get_file(file_id)
        path, most = found.file_path or "", self._settings.max_file_bytes
        if not path.startswith(f"{self._settings.files}/"):
            raise PermanentDeliveryError("Telegram names no address of this file")
        if (found.file_size or 0) > most:
            raise PermanentDeliveryError(f"the file is larger than {most} bytes")
        got = 0
        try:
            async with self._files.session().get(path, allow_redirects=False) as answer:
                if answer.status != HTTPStatus.OK:
                    raise _not_handed_out(answer.status)
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    got += len(chunk)
                    if got > most:
                        raise PermanentDeliveryError(f"the file is larger than {most} bytes")
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            # The address holds the bot's token: only the kind of fault is told.
            raise TransientDeliveryError(f"the file did not come whole ({type(error).__name__})") from None

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except TelegramError as error:
            if isinstance(error, InvalidToken):
                self._health.token(ok=False)
            raise failure(error) from None
        self._health.token(ok=True)


def _not_handed_out(status: int) -> GatewayError:
    message = f"the file is not handed out (HTTP {status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientDeliveryError(message, http_status=status)
    return PermanentDeliveryError(message, http_status=status)
