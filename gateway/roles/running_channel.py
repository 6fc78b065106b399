"""A channel kept running."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from gateway.bootstrap.channels import BuiltChannel
from gateway.errors import ConfigError, GatewayError
from gateway.intake.channel.here import ChannelsHere
from gateway.ports.channel import Channel
from gateway.roles.child import FIRST_BACKOFF_S, MAX_BACKOFF_S, STEADY_S
from gateway.telemetry import log, metrics

_log = log.get("channel")


class RunningChannel:
    """Runs a channel, rebuilt with back-off when it fails; a leased one only while this process has the lease."""

    def __init__(self, built: BuiltChannel, here: ChannelsHere) -> None:
        """Not started yet; ``here`` knows it while it runs."""
        self.channel_id = built.channel_id
        self.kind = built.kind
        self._here = here
        self._lease = built.lease
        self._make = built.make
        self._abilities = built.abilities
        self.converses = built.abilities.converses
        self._channel: Channel | None = None
        self._stopping = False

    async def run(self) -> None:
        """Serve until cancelled or closed."""
        if self._lease is None:
            await self._serve()
            return
        while not self._stopping:
            if not await self._lease.hold(self._serve) and self._channel is not None:
                with suppress(GatewayError, OSError):
                    await self._channel.aclose(drain_s=0)
                metrics.forget("channel_id", self.channel_id)  # how it is, its next owner tells

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        backoff = FIRST_BACKOFF_S
        while not self._stopping:
            began = loop.time()
            self._channel = channel = self._make()
            self._here.put(self.channel_id, channel, self._abilities)
            try:
                await channel.run()
            except ConfigError:
                raise
            except OSError as error:
                # Most often a taken port; the system's own words name it and hold nothing personal.
                _log.error("channel_failed", channel_id=self.channel_id, why=str(error), exc_info=error)
            except Exception as error:  # noqa: BLE001 - one channel's fault never stops the others
                _log.error("channel_failed", channel_id=self.channel_id, exc_info=error)
            finally:
                self._here.remove(self.channel_id, channel)
            if self._stopping:
                return
            backoff = FIRST_BACKOFF_S if loop.time() - began > STEADY_S else min(backoff * 2, MAX_BACKOFF_S)
            with suppress(GatewayError, OSError):
                await self._channel.aclose(drain_s=0)
            await asyncio.sleep(backoff)

    async def ready(self) -> bool:
        """Whether its listeners are up. One that another process owns is as it should be."""
        if self._lease is not None and not self._lease.owned:
            return True
        return self._channel is not None and await self._channel.ready()

    async def report(self) -> dict[str, Any]:
        """``running`` and ``ready`` of ``GET /api/v1/channels``."""
        channel = self._here.get(self.channel_id)
        return {"running": channel is not None, "ready": await channel.ready() if channel is not None else None}

    async def close(self, drain_s: float) -> None:
        """Drain and stop."""
        self._stopping = True
        if self._channel is not None:
            await self._channel.aclose(drain_s=drain_s)
        if self._lease is not None:
            await self._lease.release()
