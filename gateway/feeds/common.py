"""Settings and context that all kinds of feed share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from gateway.errors import PermanentDeliveryError

DAY_S = 86_400.0


class NotSent(PermanentDeliveryError):
    """An event that cannot be sent as it is; the receiver has not seen it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContext:
    """What a feed is given about this installation."""

    feed_id: str
    public_url: str
    """The public address of this installation; the source of its events."""
    schemas_url: str = ""
    """Where receivers fetch the schemas of events: the public address as configured; empty = they cannot."""
    open_redis: Callable[[str], Redis | RedisCluster]
    """A client for a URL; empty = this installation's own Valkey or Redis."""


class FeedSettings(BaseModel):
    """Keys that every ``[[feed]]`` understands. Durations in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    types: tuple[str, ...] = ()
    """Only events of these types are sent; empty = all."""
    include_empty: bool = False
    """Send tickets of calls in which nothing was said, too."""
    redact: bool = False
    """Send copies with phones, numbers and names of people masked, as the API shows them to who may not see all."""
    parallel: int = Field(8, ge=1, le=256)
    """Tickets on their way at once; the events of one ticket always go one after the other."""
    timeout_s: float = Field(10.0, gt=0, le=120)
    """One attempt may take so long."""
    first_retry_s: float = Field(1.0, gt=0)
    """The first repetition comes after about this long, each further one after about twice as long, …"""
    max_retry_s: float = Field(600.0, gt=0)
    """… but never after more than this, unless the receiver asks for more; 900 at most (``storage.takeable``)."""
    max_attempts: int = Field(500, ge=1)
    """After so many attempts a delivery becomes a dead letter: about three days at the default back-off."""
    max_age_s: float = Field(14 * DAY_S, gt=0)
    """A delivery that fails when its event is older than this becomes a dead letter."""
