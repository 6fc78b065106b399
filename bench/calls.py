"""Calls with audio at once: the gateway beside pyVoIP, under the same SIPp load in the same run.

``python -m bench.calls [CALLS [SECONDS]]`` prints JSON. Every caller speaks all the time (A-law); both answerers play
prompts, decode every packet and record two tracks; recognition is off. Counted while all calls are up: CPU of the
process that carries the calls, RTP that arrived at SIPp's port against 50 packets a second a call, the longest gap.
Answerer and SIPp are each bound to a core of their own where there are two.
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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.media.g711 import pcm16_to_alaw
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from tests.peers.processes import LOOPBACK, free_port, free_port_range
from tests.peers.sipp import Outcome, sipp
from tests.support.running import RunningGateway

ROOT = Path(__file__).resolve().parent.parent
SPEECH = ROOT / "demo" / "street_lamp.wav"
TICKS = os.sysconf("SC_CLK_TCK")
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
    calls: int
    good_calls: int
    cpu_percent_per_call: float
    rtp_returned_percent: float
    longest_gap_ms: float
    sipp_retransmissions: int


def cpu_of(pid: int) -> float:
    """CPU seconds of a live process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cores() -> tuple[set[int], set[int]]:
    """For the answerer, and for everybody else."""
    own = sorted(os.sched_getaffinity(0))
    return ({own[0]}, set(own[1:])) if len(own) > 1 else (set(own), set(own))


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
    before, began = cpu_of(pid), time.monotonic()
    answer, _ = await tap.communicate()
    used = (cpu_of(pid) - before) / (time.monotonic() - began)
    outcome: Outcome = await load
    if not outcome.successful:
        raise RuntimeError(f"{name}: no call succeeded; SIPp says:\n{outcome.report}")
    seen = json.loads(answer)
    return Result(
        name=name,
        calls=calls,
        good_calls=outcome.successful,
        cpu_percent_per_call=round(100 * used / calls, 3),
        rtp_returned_percent=round(100 * seen["packets"] / (calls * PACKETS_PER_S * seconds), 1),
        longest_gap_ms=round(max((gap for _, gap in seen["streams"].values()), default=0.0), 1),
        sipp_retransmissions=outcome.retransmissions,
    )


@contextlib.contextmanager
def the_gateway(folder: Path, calls: int, seconds: float, workers: int) -> Iterator[tuple[int, int]]:
    """A gateway whose flow plays prompts throughout: the pid of the process that carries the calls, its SIP port."""
    flows = folder / "flows"
    shutil.copytree(ROOT / "ivr_flows", flows)
    length_s = calls / RAMP_PER_S + seconds + 3 * SETTLE_S
    prompts = ["greeting", "emergency", "options"] * (1 + int(length_s // 12))
    (flows / "bench.yaml").write_text(LONG_PROMPT % ", ".join(prompts), encoding="utf-8")
    house = RunningGateway(
        folder / "gateway",
        asr_workers=workers,
        channel='flow = "bench"',
        rtp_ports=free_port_range(4 * calls + 200),
    )
    config = house.config.read_text(encoding="utf-8")
    house.config.write_text(f'flows_dir = "{flows}"\n{config}', encoding="utf-8")
    with house:
        pid = house.children()["core"]
        bind(pid, cores()[0])
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
        bind(process.pid, cores()[0])
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


def run(calls: int = 150, seconds: float = 15.0, workers: int = 0) -> dict[str, object]:
    """Both answerers, one after the other, and the ratios."""
    os.sched_setaffinity(0, cores()[1])
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pcm, rate = read_speech(SPEECH)
        (folder / "caller.alaw").write_bytes(pcm16_to_alaw(resample(pcm, rate, 8000)))
        for answerer in ("gateway", "pyVoIP 1.6.8"):
            media, local = free_port(), free_port()
            made: Callable[[], contextlib.AbstractContextManager[tuple[int, int]]] = (
                (lambda: the_gateway(folder, calls, seconds, workers))
                if answerer == "gateway"
                else (lambda local=local: pyvoip(folder, local))  # type: ignore[misc] # bound now
            )
            with made() as (pid, port):
                results.append(asyncio.run(measure(answerer, pid, port, folder, calls, seconds, media, local)))
    ours, theirs = results
    return {
        "answerers": [asdict(result) for result in results],
        "cpu_ratio_to_pyvoip": round(ours.cpu_percent_per_call / theirs.cpu_percent_per_call, 3),
    }


def table(report: dict[str, object]) -> str:
    """The report as a Markdown table."""
    rows = report["answerers"]
    assert isinstance(rows, list)
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join([*lines, "", f"CPU per call, gateway / pyVoIP: {report['cpu_ratio_to_pyvoip']}"])


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(json.dumps(run(*numbers), indent=2))  # noqa: T201 - the answer
