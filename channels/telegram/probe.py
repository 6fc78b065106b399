"""Probe of ``gateway doctor --providers``: whether Telegram accepts the bot's token."""

from __future__ import annotations

from channels.telegram.api import BotApi
from channels.telegram.settings import TelegramSettings
from gateway.edge.probing import UntoldHealth


async def probe(settings: TelegramSettings) -> str:
    """See ``ChannelSpec.probe``: getWebhookInfo, which also tells how delivering to us went."""
    api = BotApi(settings, UntoldHealth())
    try:
        info = await api.webhook()
    finally:
        await api.aclose()
    told = f"the token is taken; webhook {info.url or 'none'}, {info.pending_update_count} updates wait there"
    return f"{told}; its last delivery to us failed: {info.last_error_message}" if info.last_error_message else told
