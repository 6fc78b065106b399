"""Calls: how many a second, how many at once with audio, and what one costs beside pyVoIP under the same SIPp load.

At once: every caller speaks all the time (A-law); both answerers play prompts, decode every packet and record two
tracks. Counted while all calls are up: CPU of the process that carries the calls, RTP that arrived at SIPp's port
against 50 packets a second a call (the window's edges may make it a little more than 100 %), the longest gap in a
stream. Answerer and SIPp are each bound to a core of their own where there are two; recognisers run niced wherever they
find room.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import Row, judged
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from tests.peers.sipp import Outcome, sipp
from tests.support.ports import LOOPBACK, free_port, free_port_range
from tests.support.running import RunningGateway

ROOT = Path(__file__).resolve().parent.parent
SPEECH = ROOT / "demo" / "street_lamp.wav"
TICKS = os.sysconf("SC_CLK_TCK")
_CORES = sorted(os.sched_getaffinity(0))
ANSWERERS_CORE, OTHER_CORES = set(_CORES[:1]), set(_CORES[1:] or _CORES)
PYVOIP = "pyVoIP 1.6.8"
CALLS, SECONDS = 150, 10.0
RATE, RATE_SECONDS = 100, 10
CPU_LIMIT = 0.0025
GAP_LIMIT_MS = 60.0
PACKETS_PER_S = 50
RAMP_PER_S = 30
SETTLE_S = 3.0
LONG_PROMPT = """flow: bench
title: A prompt that lasts for as long as a call of the bench
languages: [zh]
steps:
  - {do: say, barge_in: false, say: [%s]}
  - {do: end, disposition: completed}
"""


@dataclass(frozen=True)
class Result:
    """What one answerer did."""

    name: str
    good_calls: int
    cpu_per_call: float
    """Share of a core."""
    rtp_returned: float
    """Share of what ought to have come."""
    longest_gap_ms: float
    waited: float
    """Share of the time in which a thread of it could have run but had no core: other work on the machine."""


def cpu_of(pid: int) -> float:
    """CPU seconds of a live process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def waited_of(pid: int) -> float:
    """Seconds that the threads of a live process waited for a core."""
    seconds = 0.0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            seconds += int((thread / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    return seconds


def bind(pid: int, wanted: set[int]) -> None:
    """Bind a process and every thread it has."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), wanted)


async def measure(
    name: str, pid: int, port: int, folder: Path, calls: int, seconds: float, media: int, local: int
) -> Result:
    """Put the load on a running answerer and look at it while all calls are up."""
    ramp = calls / RAMP_PER_S
    hold_ms = int((ramp + SETTLE_S + seconds + SETTLE_S) * 1000)
    load = asyncio.create_task(
        sipp(
            "call_audio",
            port,
            folder,
            calls=calls,
            rate=RAMP_PER_S,
            hold_ms=hold_ms,
            media_port=media,
            local_port=local,
            trace=False,
            files=folder,
            deadline_s=hold_ms / 1000 + 60,
        )
    )
    await asyncio.sleep(ramp + SETTLE_S)
    tap = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.rtp_tap", str(media), str(seconds)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    before, waiting, began = cpu_of(pid), waited_of(pid), time.monotonic()
    answer, _ = await tap.communicate()
    took = time.monotonic() - began
    used, waited = (cpu_of(pid) - before) / took, (waited_of(pid) - waiting) / took
    outcome: Outcome = await load
    if not outcome.successful:
        raise RuntimeError(f"{name}: no call succeeded; SIPp says:\n{outcome.report}")
    seen = json.loads(answer)
    return Result(
        name=name,
        good_calls=outcome.successful,
        cpu_per_call=used / calls,
        rtp_returned=seen["packets"] / (calls * PACKETS_PER_S * seconds),
        longest_gap_ms=max((gap for _, gap in seen["streams"].values()), default=0.0),
        waited=waited,
    )


def prompting_gateway(folder: Path, calls: int, seconds: float, workers: int, tables: str = "") -> RunningGateway:
    """A gateway, not started, whose flow plays prompts for as long as the bench lasts."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "ivr_flows", flows)
    length_s = calls / RAMP_PER_S + seconds + 3 * SETTLE_S
    prompts = ["greeting", "options"] * (1 + int(length_s // 12))
    (flows / "bench.yaml").write_text(LONG_PROMPT % ", ".join(prompts), encoding="utf-8")
    house = RunningGateway(
        folder / "gateway",
        asr_workers=workers,
        channel='flow = "bench"',
        rtp_ports=free_port_range(4 * calls + 200),
        tables=tables,
    )
    config = house.config.read_text(encoding="utf-8")
    house.config.write_text(f'flows_dir = "{flows}"\n{config}', encoding="utf-8")
    return house


@contextlib.contextmanager
def the_gateway(folder: Path, calls: int, seconds: float, workers: int) -> Iterator[tuple[int, int]]:
    """A gateway whose flow plays prompts throughout: the pid of the process that carries the calls, its SIP port."""
    with prompting_gateway(folder, calls, seconds, workers) as house:
        pid = house.children()["voice"]
        bind(pid, ANSWERERS_CORE)
        yield pid, house.sip_port


@contextlib.contextmanager
def pyvoip(folder: Path, caller_port: int) -> Iterator[tuple[int, int]]:
    """pyVoIP, answering: its pid and SIP port."""
    recordings = folder / "pyvoip"
    recordings.mkdir()
    own = free_port()
    prompt = ROOT / "ivr_flows" / "prompts" / "zh" / "greeting.wav"
    argv = ["bench.pyvoip_answerer", str(own), str(caller_port), str(prompt), str(recordings)]
    with (folder / "pyvoip.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", *argv], cwd=ROOT, stderr=log)  # noqa: S603 - our own program
    try:
        bind(process.pid, ANSWERERS_CORE)
        wait_bound(own)
        yield process.pid, own
    finally:
        process.kill()
        process.wait()


def wait_bound(port: int) -> None:
    """Until somebody holds the UDP port, and a second more: pyVoIP's receiving thread starts that late."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                time.sleep(1.5)
                return
        time.sleep(0.1)
    raise RuntimeError("pyVoIP did not start")


def at_once(answerer: str, *, workers: int = 0) -> Result:
    """``CALLS`` calls with audio against one answerer."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        pcm, rate = read_speech(SPEECH)
        (folder / "caller.alaw").write_bytes(pcm16_to_alaw(resample(pcm, rate, 8000)))
        media, local = free_port(), free_port()
        if answerer == PYVOIP:
            pid, port = stack.enter_context(pyvoip(folder, local))
        else:
            pid, port = stack.enter_context(the_gateway(folder, CALLS, SECONDS, workers))
        return asyncio.run(measure(answerer, pid, port, folder, CALLS, SECONDS, media, local))


def a_second() -> Outcome:
    """``RATE`` calls a second, each held for a second with audio both ways, against a gateway without recognition."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "caller.alaw").write_bytes(bytes([0x55, 0xD5] * 8000))
        calls = RATE * RATE_SECONDS
        with RunningGateway(folder / "gateway", rtp_ports=free_port_range(2000)) as house:
            load = sipp(
                "call_audio",
                house.sip_port,
                folder,
                calls=calls,
                rate=RATE,
                at_once=4 * RATE,
                hold_ms=1000,
                trace=False,
                files=folder,
            )
            return asyncio.run(load)


def rows() -> list[Row]:
    """Everything measured, worded and judged."""
    os.sched_setaffinity(0, OTHER_CORES)
    ours, theirs = at_once("gateway"), at_once(PYVOIP)
    listening = at_once("gateway", workers=1)
    quick = a_second()
    total = RATE * RATE_SECONDS
    return [
        judged(
            f"{RATE} calls/s for {RATE_SECONDS} s, each held 1 s, A-law both ways",
            f"{quick.successful} of {total} good",
            f"{total} placed by SIPp",
            quick.successful / total,
            at_least=1,
        ),
        judged(
            f"{CALLS} calls at once with prompts and two-track recording",
            f"{ours.good_calls} good",
            f"{PYVOIP}: {theirs.good_calls} good",
            ours.good_calls / CALLS,
            at_least=1,
        ),
        judged(
            "RTP that came back to SIPp in those calls",
            f"{ours.rtp_returned:.1%}, longest gap {ours.longest_gap_ms:.0f} ms (waited {ours.waited:.0%} for a core)",
            f"{PYVOIP}: {theirs.rtp_returned:.1%}, longest gap {theirs.longest_gap_ms:.0f} ms",
            ours.rtp_returned,
            at_least=0.99,
        ),
        judged(
            "CPU of a call, as a share of the limit",
            f"{ours.cpu_per_call:.3%} of a core",
            f"limit {CPU_LIMIT:.2%}",
            ours.cpu_per_call / CPU_LIMIT,
            at_most=1,
        ),
        judged(
            "CPU of a call beside pyVoIP",
            f"{ours.cpu_per_call:.3%} of a core",
            f"{PYVOIP}: {theirs.cpu_per_call:.3%}, at {theirs.rtp_returned:.0%} of the RTP",
            ours.cpu_per_call / theirs.cpu_per_call,
            at_most=0.5,
        ),
        judged(
            f"longest gap in {CALLS} calls while a niced recogniser works",
            f"{listening.longest_gap_ms:.0f} ms, {listening.rtp_returned:.1%} of RTP (waited {listening.waited:.0%})",
            f"limit {GAP_LIMIT_MS:.0f} ms",
            listening.longest_gap_ms / GAP_LIMIT_MS,
            at_most=1,
        ),
    ]
