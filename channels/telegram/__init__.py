"""Telegram: a bot, by webhook or by polling (README.md)."""

from channels.telegram.channel import MAX_BODY, build
from channels.telegram.probe import probe
from channels.telegram.settings import TelegramSettings
from gateway.ports.channel import ChannelSpec, HttpAccess


def http(settings: TelegramSettings) -> HttpAccess | None:
    """By its webhook; not at all while we ask for updates ourselves."""
    return HttpAccess(body_bytes=MAX_BODY) if settings.mode == "webhook" else None


SPEC = ChannelSpec(
    kind="telegram",
    settings=TelegramSettings,
    build=build,
    role="web",
    probe=probe,
    http=http,
    converses=True,
    flow=lambda settings: settings.flow,
    single_owner=lambda settings: settings.mode == "polling",
    description="a Telegram bot (Bot API): webhook with a secret token, or polling",
)
"""The ``[[channel]]`` table of kind ``telegram``."""
