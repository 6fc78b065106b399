"""``kind = "stream"``: each event as one entry of a Redis or Valkey stream, for a consumer in the city's network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from pydantic import Field, SecretStr
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from gateway.errors import FeedRefused, StoreUnavailable, TransientDeliveryError
from gateway.feeds.common import FeedContext, FeedSettings
from gateway.ports.feed import Delivery
from gateway.telemetry.trace import traceparent

PAGE = 100
"""Entries looked at at once."""


class StreamSettings(FeedSettings):
    """``[[feed]]`` of kind ``stream``."""

    key: str = Field("gateway:events", min_length=1)
    """The stream's key."""
    maxlen: int = Field(100_000, ge=1)
    """About so many entries are kept; a consumer that falls behind further reads the API from its last event_seq."""
    url: SecretStr = SecretStr("")
    """Any URL that ``[redis] url`` takes; empty = this installation's own."""


class StreamFeed:
    """A feed that appends. An entry may be there twice after a fault: consumers go by ``id``."""

    def __init__(self, settings: StreamSettings, context: FeedContext) -> None:
        """Connects on first use."""
        self._settings = settings
        self._context = context
        self._client: Redis | RedisCluster | None = None

    async def deliver(self, delivery: Delivery) -> None:
        """Append one entry: id, type, subject (ticket_id), sequence, time, event and ticket (JSON), traceparent."""
        if self._client is None:
            self._client = self._open()
        fields: dict[str | bytes, str | int] = {
            "id": delivery.event_id,
            "type": delivery.type,
            "subject": delivery.ticket_id,
            "sequence": delivery.event_seq,
            "time": delivery.at,
            "event": json.dumps(delivery.event, ensure_ascii=False),
            "ticket": await asyncio.to_thread(json.dumps, delivery.record, ensure_ascii=False),
        }
        if delivery.trace is not None:
            fields["traceparent"] = traceparent(delivery.trace)
        try:
            await self._client.xadd(self._settings.key, fields, maxlen=self._settings.maxlen, approximate=True)  # type: ignore[arg-type]  # redis-py's mapping type is invariant
        except (RedisError, OSError) as error:
            told = f"{type(error).__name__}: {error}"
            # Of ResponseError's own kind: a key of another type. Its sub-classes tell of a server that is not ready.
            if isinstance(error, AuthenticationError | NoPermissionError) or type(error) is ResponseError:
                raise FeedRefused(told, cause="stream") from error
            raise TransientDeliveryError(told) from error

    async def forget(self, ticket_ids: Collection[str]) -> int:
        """See ``ports.feed.Copies.forget``. It reads the whole stream; its file, too, is written anew without them."""
        wanted, key = {ticket_id.encode() for ticket_id in ticket_ids}, self._settings.key
        client: Any = self._open()  # redis-py types its answers for every protocol at once
        forgotten, after = 0, "-"
        try:
            while entries := await client.xrange(key, min=after, count=PAGE):
                after = f"({entries[-1][0].decode()}"
                if old := [entry for entry, fields in entries if fields.get(b"subject") in wanted]:
                    forgotten += await client.xdel(key, *old)
            if forgotten and isinstance(client, Redis):
                with suppress(ResponseError):  # one is under way, or this is no server of ours to command
                    await client.bgrewriteaof()
        except (RedisError, OSError) as error:
            feed = self._context.feed_id
            raise StoreUnavailable(f"the stream of feed {feed} cannot be reached; ask again when it can") from error
        finally:
            await client.aclose()
        return forgotten

    def _open(self) -> Redis | RedisCluster:
        return self._context.open_redis(self._settings.url.get_secret_value())

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
