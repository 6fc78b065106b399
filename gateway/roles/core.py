"""The working process: voice, web and worker in one loop (``core``), or one of them when roles run apart."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from gateway.bootstrap import BuiltChannel, House, open_house
from gateway.errors import ConfigError, GatewayError, StoreUnavailable
from gateway.intake.channel_lease import ChannelLease
from gateway.intake.channels_here import ChannelsHere
from gateway.ports.channel import Channel
from gateway.roles import collector, traces
from gateway.roles.child import FIRST_BACKOFF_S, MAX_BACKOFF_S, STEADY_S
from gateway.roles.hangup import on_hangup
from gateway.settings import Settings
from gateway.telemetry import log, metrics
from gateway.web import server

PARTS = {
    "core": frozenset({"voice", "web", "worker"}),
    "voice": frozenset({"voice"}),
    "web": frozenset({"web"}),
    "worker": frozenset({"worker"}),
}
TAIL_S = 10.0
"""After the last call has ended its last words have this long to be recognised; later catch-up finds them."""
HOUSEKEEPING_S = 60.0
SWITCH_S = 0.001
"""The database's thread may hold the interpreter so long while a frame waits to be sent."""
_log = log.get("core")


class RunningChannel:
    """A channel kept running: built anew with back-off when it fails. With a lease it runs while that is ours."""

    def __init__(self, built: BuiltChannel, here: ChannelsHere, lease: ChannelLease | None = None) -> None:
        """Not started yet; ``here`` knows it while it runs."""
        self.channel_id = built.channel_id
        self._here = here
        self._lease = lease
        self._make = built.make
        self._channel: Channel | None = None
        self._stopping = False

    async def run(self) -> None:
        """Serve until cancelled or closed."""
        if self._lease is None:
            await self._serve()
            return
        while not self._stopping:
            await self._lease.won()
            await self._serve_while_owned(self._lease)

    async def _serve_while_owned(self, lease: ChannelLease) -> None:
        serving, losing = asyncio.create_task(self._serve()), asyncio.create_task(lease.lost())
        try:
            done, _ = await asyncio.wait({serving, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            serving.cancel()
            losing.cancel()
            await asyncio.wait({serving, losing})
        if serving in done:
            serving.result()
        elif self._channel is not None:
            with suppress(GatewayError, OSError):
                await self._channel.aclose(drain_s=0)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        backoff = FIRST_BACKOFF_S
        while not self._stopping:
            began = loop.time()
            self._channel = channel = self._make()
            self._here.put(self.channel_id, channel)
            try:
                await channel.run()
            except ConfigError:
                raise
            except OSError as error:
                # Most often a taken port; the system's own words name it and hold nothing personal.
                _log.error("channel_failed", channel_id=self.channel_id, why=str(error))
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

    async def close(self, drain_s: float) -> None:
        """Drain and stop."""
        self._stopping = True
        if self._channel is not None:
            await self._channel.aclose(drain_s=drain_s)
        if self._lease is not None:
            await self._lease.release()


async def serve(settings: Settings, role: str) -> None:
    """Run ``role`` until SIGTERM, then drain: new calls get 503, live ones have ``[calls] drain_s`` to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reload = asyncio.Event()
    on_hangup(reload.set)
    _make_room()
    parts = PARTS[role]
    async with AsyncExitStack() as stack:
        house = await open_house(settings, stack)
        channels = [
            RunningChannel(built, house.written.here, house.lease(built))
            for built in house.channels
            if built.role in parts
        ]
        work: dict[str, Callable[[], Awaitable[None]]] = {"wakeups": house.wakeup.run, "announce": house.announce}
        if "voice" in parts:
            left = await house.database.leases.release_node(settings.node_name)
            _log.info("leases_of_earlier_process", interactions=left)
            work |= {"leases": house.live.run, "spool": house.spool.run}
        if "worker" in parts:
            work |= {"recovery": house.recovery.run, "housekeeping": lambda: _housekeeping(house)}
            work |= {"idle": house.written.idle.run, "source-callbacks": house.source_callbacks.run}
            work |= {f"feed-{feed.feed_id}": feed.run for feed in house.feeds}
            work |= {"titles": house.titles.run} if house.titles is not None else {}
        work["flows"] = lambda: _reload(house, reload)
        work |= {f"channel-{channel.channel_id}": channel.run for channel in channels}
        # Each process sends and fetches for the channels that run in it.
        work |= {"outbox": house.written.outbox.run, "channels": house.written.watch}
        work["media"] = lambda: house.written.media.run(hears="worker" in parts)
        if "web" in parts:
            work["similar"] = house.similar.run
            await _web(house, channels, stack)
        tasks = [asyncio.create_task(_kept(name, run), name=name) for name, run in work.items()]
        collector.settle()
        _log.info("started", role=role, http=house.settings.public_url)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            house.draining = True
            _log.info("draining", calls=len(house.live))
            await asyncio.gather(*(channel.close(settings.calls.drain_s) for channel in channels))
            await house.calls.drain_tails(TAIL_S)
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
    _log.info("stopped")


async def _reload(house: House, wanted: asyncio.Event) -> None:
    """Read the flows anew whenever a signal asks for it; what is wrong with them is told, and the old ones stay."""
    while True:
        await wanted.wait()
        wanted.clear()
        try:
            await house.reload_flows()
        except ConfigError as error:
            _log.error("flows_not_reloaded", problems=error.problems)
        else:
            _log.info("flows_reloaded", flows={name: flow.version for name, flow in house.flows.items()})


def _make_room() -> None:
    """As many descriptors as the machine allows (one a call), and no thread that keeps the media clock waiting."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setswitchinterval(SWITCH_S)


async def _kept(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A background duty that outlives its own faults; only a mistake in the configuration ends the process."""
    backoff = FIRST_BACKOFF_S
    while True:
        try:
            await run()
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - reported and begun anew: nobody else would do its work
            _log.error("duty_failed", duty=name, exc_info=error)
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2, MAX_BACKOFF_S)


async def _housekeeping(house: House) -> None:
    """Delete recordings and traces past their retention and watch the disk."""
    days, traces_dir = house.settings.recording.retention_days, house.settings.data_dir / "traces"
    while True:
        metrics.RECORDING_FREE_FRACTION.set(await asyncio.to_thread(house.recordings.free_fraction))
        expired = await asyncio.to_thread(house.recordings.expire, days)
        if expired:
            _log.info("recordings_expired", recordings=len(expired))
        traces_gone = await asyncio.to_thread(traces.expire, traces_dir, house.clock.now(), days)
        if traces_gone:
            _log.info("traces_expired", days=traces_gone)
        await asyncio.sleep(HOUSEKEEPING_S)


async def _web(house: House, channels: list[RunningChannel], stack: AsyncExitStack) -> None:
    """Start the HTTP server; ``ConfigError`` when its port is taken."""

    async def ready() -> dict[str, bool]:
        try:
            await house.database.reader.ping()
            sql = True
        except StoreUnavailable:
            sql = False
        listeners = {f"channel:{channel.channel_id}": await channel.ready() for channel in channels}
        return {"sql": sql, "flows": bool(house.flows), "accepting": not house.draining, **listeners}

    http = house.settings.http
    try:
        serving = await server.serve(house.web_app(ready), host=http.host, port=http.port)
    except OSError as error:
        raise ConfigError(
            [f"[http] {http.host}:{http.port} cannot be used ({error.strerror}); stop what uses it or set another port"]
        ) from error
    stack.push_async_callback(serving.aclose)
