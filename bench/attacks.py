"""Calls while strangers attack: does anything that a web request or a message costs reach the audio?

150 calls speak and are prompted, recognition is on. Meanwhile every attack of ``tests/support/attacks.py`` runs at
once and again: digits and one masked list, the longest texts on every channel, Open311 without a key, 10 MB uploads and
a playlist under the name of a sound, broken JSON and XML, corrections of long texts. Judged is the longest gap in the
RTP that SIPp gets; beside it stands the share of the time in which the calls' process waited for a core.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

import aiohttp

from bench.calls import (
    ANSWERERS_CORE,
    CALLS,
    GAP_LIMIT_MS,
    OTHER_CORES,
    ROOT,
    SECONDS,
    SPEECH,
    Result,
    bind,
    measure,
    prompting_gateway,
)
from bench.report import Row, judged
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from tests.support.attacks import ATTACKS, CHANNELS, Attack, Attacker
from tests.support.ports import free_port
from tests.support.running import RunningGateway

SCOPES = {"contacts": ["contacts:write"], "reader": ["tickets:read"], "writer": ["tickets:read", "tickets:write"]}
AGAIN_S = 0.2


async def attack(url: str, tokens: dict[str, str]) -> None:
    """Every attack at once and again, until the process is ended; what was carried out is printed line by line."""
    counts: Counter[str] = Counter()

    async def repeat(name: str, one: Attack) -> None:
        async with aiohttp.ClientSession() as http:
            who = {f"{scope}_token": token for scope, token in tokens.items()}
            first = 1_000_000 * (1 + list(ATTACKS).index(name))  # so that no two say the same
            attacker = Attacker(url, http, **who, count=first)
            while True:
                try:
                    await one(attacker)
                    counts[name] += 1
                except (AssertionError, aiohttp.ClientError, TimeoutError):
                    counts["turned away"] += 1  # by a limit, or because there was no room
                sys.stdout.write(json.dumps(counts) + "\n")
                sys.stdout.flush()
                await asyncio.sleep(AGAIN_S)

    async with asyncio.TaskGroup() as group:
        for name, one in ATTACKS.items():
            group.create_task(repeat(name, one))


async def _attacked(house: RunningGateway, pid: int, folder: Path) -> tuple[Result, dict[str, int]]:
    tokens = {name: _token(house, name, scopes) for name, scopes in SCOPES.items()}
    attackers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.attacks", house.url),
        cwd=ROOT,
        env={**os.environ, "ATTACK_TOKENS": json.dumps(tokens)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        result = await measure("gateway", pid, house.sip_port, folder, CALLS, SECONDS, free_port(), free_port())
    finally:
        with contextlib.suppress(ProcessLookupError):
            attackers.kill()
        said, _ = await attackers.communicate()
    lines = said.splitlines()
    return result, json.loads(lines[-1]) if lines else {}


def _token(house: RunningGateway, name: str, scopes: list[str]) -> str:
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    return house.cli("tokens", "create", "--name", f"attack-{name}", *wanted).splitlines()[-1]


def rows() -> list[Row]:
    """Everything measured, worded and judged."""
    os.sched_setaffinity(0, OTHER_CORES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pcm, rate = read_speech(SPEECH)
        (folder / "caller.alaw").write_bytes(pcm16_to_alaw(resample(pcm, rate, 8000)))
        with prompting_gateway(folder, CALLS, SECONDS, 1, CHANNELS) as house:
            children = house.children()
            pid = children["voice"]
            bind(pid, ANSWERERS_CORE)
            result, counts = asyncio.run(_attacked(house, pid, folder))
    carried = sum(count for kind, count in counts.items() if kind != "turned away")
    return [
        judged(
            f"{CALLS} calls at once while every attack runs",
            f"{result.good_calls} good",
            f"{carried} attacks carried out, {counts.get('turned away', 0)} turned away",
            result.good_calls / CALLS,
            at_least=1,
        ),
        judged(
            "longest gap in those calls",
            f"{result.longest_gap_ms:.0f} ms, {result.rtp_returned:.1%} of RTP (waited {result.waited:.0%} for a core)",
            f"limit {GAP_LIMIT_MS:.0f} ms",
            result.longest_gap_ms / GAP_LIMIT_MS,
            at_most=1,
        ),
    ]


if __name__ == "__main__":
    asyncio.run(attack(sys.argv[1], json.loads(os.environ["ATTACK_TOKENS"])))
