"""Delivery of the record to downstream case systems, one module a kind; what is common to all is in ``worker``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.feeds.common import FeedContext, FeedSettings
from gateway.feeds.stream import StreamFeed, StreamSettings
from gateway.feeds.webhook import WebhookFeed, WebhookSettings
from gateway.ports.feed import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedKind:
    """What a ``[[feed]]`` table of this kind may say, and what it becomes."""

    settings: type[FeedSettings]
    build: Callable[[Any, FeedContext], Feed]
    """From an instance of ``settings``."""


FEED_KINDS = {
    "webhook": FeedKind(settings=WebhookSettings, build=WebhookFeed),
    "stream": FeedKind(settings=StreamSettings, build=StreamFeed),
}
"""By the ``kind`` of the configuration."""

__all__ = ["FEED_KINDS", "FeedContext", "FeedKind", "FeedSettings"]
