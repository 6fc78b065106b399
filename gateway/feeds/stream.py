"""``kind = "stream"``: each event as one entry of a Redis or Valkey stream, for a consumer in the city's network."""

from __future__ import annotations

import asyncio
import json

from pydantic import Field, SecretStr
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from gateway.errors import FeedRefused, TransientDeliveryError
from gateway.feeds.common import FeedContext, FeedSettings
from gateway.ports.feed import Delivery
from gateway.telemetry.trace import traceparent


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
            self._client = self._context.open_redis(self._settings.url.get_secret_value())
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

    async def aclose(self) -> None:
        """Close connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
