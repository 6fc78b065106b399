"""A working process: voice, web, worker, or several of them in one event loop."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from gateway.bootstrap.house import House, open_house
from gateway.errors import ConfigError
from gateway.interprocess.connection import SocketListener
from gateway.interprocess.run_dir import socket_path
from gateway.interprocess.siblings import Siblings
from gateway.roles import collector, watching
from gateway.roles.changing import ChangingDuties
from gateway.roles.duties import WITH_CHANNELS, duties, kept
from gateway.roles.hangup import on_hangup
from gateway.roles.health_port import serve_health
from gateway.roles.reload import Reloading, channel_duty, feed_duty
from gateway.roles.role import parts_of, process_name
from gateway.roles.running_channel import RunningChannel
from gateway.roles.state import MachineState, ProcessState
from gateway.settings import Settings
from gateway.telemetry import log

TAIL_S = 10.0
"""After the last call has ended its last words have this long to be recognised; later catch-up finds them."""
SWITCH_S = 0.001
"""Seconds for which another thread may hold the interpreter while a frame waits to be sent."""
_log = log.get("process")


async def serve(
    settings: Settings, role: str, index: int, siblings: Sequence[str] | None, read: Callable[[], Settings]
) -> None:
    """Run ``role`` until SIGTERM, then drain: new calls get 503, live ones have ``[calls] drain_s`` to end.

    Then texts that are under way to a provider end, and after them the written channels.

    ``siblings`` are the other processes that a supervisor runs on this machine; None: nobody supervises this one.
    ``read`` reads the configuration anew, at SIGHUP.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reload = asyncio.Event()
    on_hangup(reload.set)
    name = process_name(role, index)
    _make_room()
    async with AsyncExitStack() as stack:
        house = await open_house(settings, parts_of(name), stack, migrate=siblings is None, name=name)
        base = house.base
        channels = [RunningChannel(built, base.here) for built in house.channels]
        state = ProcessState(name, house, channels)
        listener = SocketListener(socket_path(settings.data_dir, name), state.handlers)
        await listener.start()
        stack.push_async_callback(listener.aclose)
        if house.voice is not None:
            left = await base.database.leases.release(base.process.is_gone)
            _log.info("leases_of_earlier_process", interactions=left)
        if house.web is not None:
            others = Siblings(settings.data_dir, name, siblings or ())
            stack.push_async_callback(others.aclose)
            await _serve_web(house, MachineState(state, others, house), stack)
        elif siblings is None:
            await serve_health(name, state.ready, settings.health, stack)
        changing = ChangingDuties()
        for channel in channels:
            changing.start(channel_duty(channel.channel_id), channel.run)
        for feed in house.worker.feeds if house.worker is not None else ():
            changing.start(feed_duty(feed.feed_id), feed.run)
        reloading = Reloading(house, changing, channels, read, apart=siblings is None)
        work = duties(house, apart=siblings is None)
        work |= {"changing": changing.run, "reload": lambda: reloading.run(reload)}
        work |= {"alarms": lambda: watching.alarms(state.ready, base.database.open_work)}
        tasks = [asyncio.create_task(kept(duty, run), name=duty) for duty, run in work.items()]
        collector.settle()
        _log.info("started", process=name, http=settings.public_url if house.web is not None else None)
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            base.draining = True
            _log.info("draining", process=name, calls=len(base.live))
            await _close([one for one in channels if not one.converses], settings.calls.drain_s)
            if house.voice is not None:
                await house.voice.calls.drain_tails(TAIL_S)
            # A provider that has a text and could not say so would be sent it again by the next process.
            await _end([task for task in tasks if task.get_name() in WITH_CHANNELS])
            await _close([one for one in channels if one.converses], settings.calls.drain_s)
        finally:
            await _end([*tasks, stopping])
    _log.info("stopped", process=name)


async def _close(channels: Sequence[RunningChannel], drain_s: float) -> None:
    await asyncio.gather(*(channel.close(drain_s) for channel in channels))


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel them, and wait until each has put down what it holds."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _make_room() -> None:
    """Raise the descriptor limit (one a call), and limit how long a thread holds up the media clock."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setswitchinterval(SWITCH_S)


async def _serve_web(house: House, machine: MachineState, stack: AsyncExitStack) -> None:
    """Start the HTTP server; ``ConfigError`` when its port is taken."""
    from gateway.web import server  # noqa: PLC0415 - only a process that serves it loads it

    assert house.web is not None
    app = house.web.app(ready=machine.ready, metrics=machine.metrics, alarms=machine.alarms, channels=machine.channels)
    http = house.base.settings.http
    try:
        serving = await server.serve(app, host=http.host, port=http.port)
    except OSError as error:
        raise ConfigError(
            [f"[http] {http.host}:{http.port} cannot be used ({error.strerror}); stop what uses it or set another port"]
        ) from error
    stack.push_async_callback(serving.aclose)
