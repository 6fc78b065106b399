"""A month of a small city in virtual time: 20,000 people, 60 units, 30 days; then every count is recounted from events.

The same life as in ``tests/e2e/test_small_city_week.py``, with the gateway's own commands on a SQLite file: returns,
re-assignments, pauses, extensions, corrections, merges, withdrawals, reopenings, a store that is away for half an hour,
public holidays. Told are the CPU time of all that for each contact, how long the list of what is overdue takes at its
longest, and in how many counts rows and events differ. ``HOTLINE_BENCH_CONTACTS`` sets another number of people
(short form: 1000).
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.report import Row, judged
from gateway.storage.database import Database, open_database
from gateway.telemetry import log
from tests.support.city_life import CityLife
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.recount import Counts
from tests.support.small_city import SmallCity
from tests.support.standing import recount, standing

CONTACTS = int(os.environ.get("HOTLINE_BENCH_CONTACTS", "20000"))
DAYS, SEED = 30, 7
_BEGIN = datetime(2026, 2, 1, tzinfo=SHANGHAI).astimezone(UTC)
_OUTAGE = _BEGIN + timedelta(days=15, hours=2)


async def rows() -> list[Row]:
    """The month, then what it comes to."""
    log.configure(level="error")
    with tempfile.TemporaryDirectory() as folder:
        clock = SetClock(_BEGIN)

        async def opened() -> Database:
            return await open_database("", data_dir=Path(folder), zone=SHANGHAI, clock=clock, synchronous="OFF")

        life = CityLife(
            city=SmallCity(SEED),
            opened=opened,
            clock=clock,
            seed=SEED,
            contacts=CONTACTS,
            begin=_BEGIN,
            days=DAYS,
            outage=(_OUTAGE, _OUTAGE + timedelta(minutes=30)),
        )
        began = time.process_time()
        await life.run()
        cpu_s = time.process_time() - began
        try:
            return await _told(life, cpu_s)
        finally:
            await life.db.aclose()


async def _told(life: CityLife, cpu_s: float) -> list[Row]:
    began = time.process_time()
    counted = await recount(life.db)
    recount_s = time.process_time() - began
    events = sum(counted.kinds.values())
    began = time.perf_counter()
    late = (await life.db.case_clocks.overdue(limit=200)).items
    list_ms = (time.perf_counter() - began) * 1000
    counts = counted.counts()
    different = _different(await standing(life.db), counts)
    return [
        judged(
            f"counts that differ from their recount, of {_size(counts):,}",
            f"{different}",
            "none may",
            float(different),
            at_most=0.0,
        ),
        _plain(
            "a contact with all that becomes of it",
            f"{cpu_s / life.contacts * 1000:.2f} ms CPU",
            f"{events / life.contacts:.1f} events each, {cpu_s / events * 1e6:.0f} µs CPU an event",
        ),
        _plain(
            f"recount of the month, {events:,} events",
            f"{recount_s:.1f} s CPU",
            f"{recount_s / events * 1e6:.0f} µs CPU an event",
        ),
        _plain(
            f"first page of what is overdue, {len(counts.overdue):,} of {counted.kinds['clock.started']:,} clocks",
            f"{list_ms:.1f} ms",
            f"{len(late)} rows",
        ),
    ]


def _plain(measure: str, ours: str, beside: str) -> Row:
    return Row(measure=measure, ours=ours, beside=beside, ratio="", goal="", met=None)


def _size(counts: Counts) -> int:
    return sum(map(len, (counts.stages, counts.tasks, counts.breaches, counts.ratings, counts.overdue)))


def _different(one: Counts, other: Counts) -> int:
    """How many figures are not the same in both."""
    pairs = ((one.stages, other.stages), (one.tasks, other.tasks), (one.breaches, other.breaches))
    figures = sum(a[key] != b[key] for a, b in pairs for key in a.keys() | b.keys())
    ratings = sum(one.ratings[key] != other.ratings[key] for key in one.ratings.keys() | other.ratings.keys())
    return figures + ratings + len(one.overdue ^ other.overdue)
