"""Durable accepts in process: ``intake.accept()``, pre-fill and all; 1, 8 and 64 clients that wait for their answers.

On SQLite, ``synchronous=FULL``: grouped commits (the product), beside the same writer with one commit a contact, and
beside grouped commits with ``synchronous=OFF`` (no durability: the limit that the disk's flushes are held against).
Rounds alternate, so that a machine whose speed changes changes all of them; the median of the rounds' ratios counts.
How often this disk flushes a 4 KiB append (``fdatasync``) is told too: the slower it is, the more a group saves.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import uvloop

from bench.report import Row, judged
from gateway.edge.system_clock import SystemClock
from gateway.intake.contact.accept import ContactIntake
from gateway.ports.channel import InboundContact
from gateway.prefill.reader import PrefillReader
from gateway.roles import collector
from gateway.storage.database import open_database
from gateway.storage.writer import MAX_BATCH

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = (1, 8, 64)
GOALS = (10.0, 0.7)
"""With the most clients: against one commit each, and against no durability."""
GROUPED, EACH, OFF, BARE = "grouped", "one commit each", "synchronous=OFF", "bare fdatasync"
MODES: dict[str, dict[str, Any]] = {
    GROUPED: {"synchronous": "FULL", "max_batch": MAX_BATCH},
    EACH: {"synchronous": "FULL", "max_batch": 1},
    OFF: {"synchronous": "OFF", "max_batch": MAX_BATCH},
}
ROUNDS = 5
ROUND_S = 1.0
CONTENT = "小区门口的路灯坏了三天，晚上看不见路"


def _contact(number: int) -> InboundContact:
    return InboundContact(
        channel="platform",
        channel_id="bench",
        external_id=f"bench-{number}",
        received_at=datetime.now(UTC),
        content=CONTENT,
        requester={"phone": f"+86138{number % 100_000_000:08d}"},
        body_sha256=f"{number:064x}",
    )


async def _rate(
    folder: Path, prefill: PrefillReader, clients: int, mode: str, seconds: float
) -> tuple[float, list[float]]:
    """Accepts a second, and each one's latency in milliseconds."""
    database = await open_database("", data_dir=folder, zone=ZoneInfo("Asia/Shanghai"), **MODES[mode])
    intake = ContactIntake(store=database.changes, prefill=prefill, clock=SystemClock())
    numbers = iter(range(sys.maxsize))
    for _ in range(20):
        await intake.accept(_contact(next(numbers)))
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        while (begun := time.perf_counter()) < end:
            await intake.accept(_contact(next(numbers)))
            latencies.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    rate = len(latencies) / (time.perf_counter() - begun)
    stored = await database.reader.last_event_seq()
    await database.aclose()
    if stored != 2 * (len(latencies) + 20):
        raise AssertionError(f"{stored} events for {len(latencies) + 20} contacts")
    return rate, latencies


def _fdatasync_rate(folder: Path, seconds: float) -> float:
    """4 KiB appends a second, each flushed to the disk."""
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            os.write(descriptor, bytes(4096))
            os.fdatasync(descriptor)
            count += 1
    finally:
        os.close(descriptor)
    return count / seconds


def measure(*, rounds: int = ROUNDS, round_s: float = ROUND_S) -> list[dict[str, Any]]:
    """One dict for each mode and number of clients: {mode, clients, accepts_per_s, p50_ms, p99_ms, of_each, of_off}."""
    prefill = PrefillReader.of(ROOT / "config", "Asia/Shanghai")
    collector.settle()  # as the running gateway does
    rates: dict[tuple[int, str], list[float]] = {}
    latencies: dict[tuple[int, str], list[float]] = {}
    bare = []
    for _ in range(rounds):
        for clients in CLIENTS:
            for mode in MODES:
                with tempfile.TemporaryDirectory(dir=ROOT) as folder:
                    rate, taken = uvloop.run(_rate(Path(folder), prefill, clients, mode, round_s))
                rates.setdefault((clients, mode), []).append(rate)
                latencies.setdefault((clients, mode), []).extend(taken)
        with tempfile.TemporaryDirectory(dir=ROOT) as folder:
            bare.append(_fdatasync_rate(Path(folder), round_s))

    def ratio(clients: int, mode: str, beside: str) -> float:
        pairs = zip(rates[clients, mode], rates[clients, beside], strict=True)
        return round(statistics.median(own / other for own, other in pairs), 2)

    found: list[dict[str, Any]] = [{"mode": BARE, "clients": 1, "accepts_per_s": round(statistics.median(bare))}]
    for (clients, mode), values in rates.items():
        ordered = sorted(latencies[clients, mode])
        found.append(
            {
                "mode": mode,
                "clients": clients,
                "accepts_per_s": round(statistics.median(values)),
                "p50_ms": round(ordered[len(ordered) // 2], 2),
                "p99_ms": round(ordered[len(ordered) * 99 // 100], 2),
                "of_each": ratio(clients, mode, EACH),
                "of_off": ratio(clients, mode, OFF),
            }
        )
    return found


def rows() -> list[Row]:
    """What ``python -m bench`` writes down."""
    found = {(row["mode"], row["clients"]): row for row in measure()}
    flushes = f"{found[BARE, 1]['accepts_per_s']} fdatasync/s"
    told = []
    for clients in CLIENTS:
        own, each, off = (found[mode, clients] for mode in (GROUPED, EACH, OFF))
        goals = GOALS if clients == max(CLIENTS) else (None, None)
        what = f"{clients} client{'s' if clients > 1 else ''}"
        ours = f"{own['accepts_per_s']} accepts/s, p50 {own['p50_ms']} ms, p99 {own['p99_ms']} ms"
        beside = f"one commit each: {each['accepts_per_s']}/s ({flushes})"
        told.append(judged(f"{what}, grouped commits", ours, beside, own["of_each"], at_least=goals[0]))
        beside = f"synchronous=OFF: {off['accepts_per_s']}/s"
        told.append(judged(f"{what}, durable", ours, beside, own["of_off"], at_least=goals[1]))
    return told


def main() -> list[dict[str, Any]]:
    """Measure and print a table."""
    found = measure()
    columns = ("mode", "clients", "accepts_per_s", "p50_ms", "p99_ms", "of_each", "of_off")
    for line in (dict(zip(columns, columns, strict=True)), *found):
        sys.stdout.write("  ".join(f"{line.get(name, '')!s:>15}" for name in columns) + "\n")
    return found


if __name__ == "__main__":
    main()
