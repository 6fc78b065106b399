"""Notices by text message, over the channel that texts citizens."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

from gateway.errors import TransientDeliveryError
from gateway.ports.message import OutboundMessage, TextChannel
from gateway.ports.notices import NoticeMessage

STARTING_S = 5.0
LONGEST_S = 150.0
"""A message center may take a minute to answer, and a long text is several messages."""


class TextSender:
    """Implements ``ports.notices.NoticeSender``."""

    most_lines = 5
    at_once = 4
    longest_s = LONGEST_S

    def __init__(self, channel_id: str, running: Callable[[], TextChannel | None]) -> None:
        """``running``: the channel's instance in this process; None while it is elsewhere, or starts."""
        self._channel_id = channel_id
        self._running = running

    @property
    def ready(self) -> bool:
        """See ``NoticeSender.ready``."""
        return self._running() is not None

    async def send(self, message: NoticeMessage) -> None:
        """See ``NoticeSender.send``: the channel's own rules about long texts, speed and answers hold."""
        channel = self._running()
        if channel is None:
            raise TransientDeliveryError("the channel does not run here now", retry_after_s=STARTING_S)
        text = OutboundMessage(
            # Of a text that left in part the rest alone is sent again: so another text is another message.
            message_id=f"{message.message_id}-{zlib.crc32(message.text.encode()):08x}",
            channel_id=self._channel_id,
            recipient=message.address,
            text=message.text,
            created_at=message.at,
        )
        try:
            async with asyncio.timeout(self.longest_s):
                await channel.send(text)
        except TimeoutError:
            raise TransientDeliveryError(f"the channel has not sent it within {self.longest_s:.0f} s") from None

    async def aclose(self) -> None:
        """See ``NoticeSender.aclose``: the channel is not ours to close."""
