"""Delivery of the record to downstream case systems, one module a kind; what is common to all is in ``worker``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gateway.errors import ConfigError
from gateway.feeds.common import FeedContext, FeedSettings
from gateway.feeds.stream import StreamFeed, StreamSettings
from gateway.feeds.webhook import WebhookFeed, WebhookSettings
from gateway.ports.feed import Copies, Feed
from gateway.settings import explain
from gateway.settings.sections import FeedTable


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedKind:
    """What a ``[[feed]]`` table of this kind may say, and what it becomes."""

    settings: type[FeedSettings]
    build: Callable[[Any, FeedContext], Feed]
    """From an instance of ``settings``."""
    server: Callable[[Any], str] | None = None
    """The URL of an HTTP server that takes the events, from an instance of ``settings``."""
    copies: Callable[[Any, FeedContext], Copies] | None = None
    """Likewise, where this kind keeps what was delivered; None: the receiver alone has it."""


FEED_KINDS = {
    "webhook": FeedKind(settings=WebhookSettings, build=WebhookFeed, server=lambda settings: str(settings.url)),
    "stream": FeedKind(settings=StreamSettings, build=StreamFeed, copies=StreamFeed),
}
"""By the ``kind`` of the configuration."""


def feed_settings(table: FeedTable, where: str = "config") -> tuple[FeedKind, FeedSettings]:
    """A ``[[feed]]`` table's kind and its checked settings; ``ConfigError`` lists every mistake."""
    kind = FEED_KINDS.get(table.kind)
    if kind is None:
        known = ", ".join(sorted(FEED_KINDS))
        raise ConfigError([f"{where}: feed[{table.id}]: kind {table.kind!r} is unknown; known: {known}"])
    try:
        return kind, kind.settings(**table.options)
    except ValidationError as error:
        raise ConfigError(explain(error, where, f"feed[{table.id}]", table.places)) from None


__all__ = ["FEED_KINDS", "FeedContext", "FeedKind", "FeedSettings", "feed_settings"]
