"""Telegram: a bot, by webhook or by polling (README.md)."""

from channels.telegram.channel import build
from channels.telegram.probe import probe
from channels.telegram.settings import TelegramSettings
from gateway.ports.channel import ChannelSpec

SPEC = ChannelSpec(
    kind="telegram",
    settings=TelegramSettings,
    build=build,
    role="web",
    probe=probe,
    single_owner=lambda settings: settings.mode == "polling",
    description="a Telegram bot (Bot API): webhook with a secret token, or polling",
)
"""The ``[[channel]]`` table of kind ``telegram``."""
