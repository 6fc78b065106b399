"""Lists, filters and searches among 1,000,000 tickets, on SQLite and, where a server is installed, PostgreSQL.

The record is ``bench.million``'s. Each kind of question is asked many times, its page of 50 newest first unless it says
otherwise. p50 and p95 are told from the reader's call to its records in CPU time, of this process and of the database,
since other work may share the machine; p95 in wall time is told besides. The goal is 100 ms at p95. Then contacts are
accepted two a second, as in no city's usual hour, and it is told how long after the answer of each its text is in the
index. ``HOTLINE_BENCH_TICKETS`` sets another number of tickets (short form: 20000).
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.million import A_DAY, BEGAN, CALLERS, NAMES, SHANGHAI, STREETS, UNITS, fill, number_of
from bench.report import Row, judged
from bench.similar import made_up
from gateway.domain.bigrams import normal
from gateway.edge.system_clock import SystemClock
from gateway.intake.contact.accept import ContactIntake
from gateway.ports.cases import TaskQuery
from gateway.ports.channel import InboundContact
from gateway.ports.store import TicketQuery
from gateway.prefill.reader import PrefillReader
from gateway.storage import search_tables as s
from gateway.storage.database import Database, open_database
from gateway.telemetry import log
from tests.support.postgres import postgres_server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[1]
TICKETS = int(os.environ.get("HOTLINE_BENCH_TICKETS", "1000000"))
ASKED, GOAL_MS = 50, 100.0
CONTACTS, EVERY_S, GOAL_BEHIND_S = 60, 0.5, 1.0
_PAGE = 50
_WORDS = {
    2: ("停水", "噪音", "路灯", "漏水", "占道", "垃圾", "物业", "欠薪"),
    3: ("垃圾桶", "停车位", "红绿灯", "井盖坏"),
}
_COMMON, _NOWHERE = "希望", "鸵鸟"
Ask = Callable[[], Awaitable[int]]
"""How many it found."""


class Questions:
    """Of each kind ``ASKED``, made up."""

    def __init__(self, database: Database) -> None:
        """They are asked of ``database``."""
        self._database = database
        self._chance = random.Random(3)  # noqa: S311 - picks examples, guards nothing
        self._longer = [entry.text for entry in made_up(200, seed=2)]

    def kinds(self) -> dict[str, Callable[[], Ask]]:
        """What makes one question, by kind."""
        return self._lists() | self._searches() | self._pages() | self._oldest() | self._of_tasks()

    def _lists(self) -> dict[str, Callable[[], Ask]]:
        chance, day = self._chance, BEGAN + timedelta(days=TICKETS // A_DAY // 2)
        now = BEGAN + timedelta(days=TICKETS / A_DAY)
        return {
            "the newest": lambda: self._tickets(empty=False),
            "status": lambda: self._tickets(status=self._status(), empty=False),
            "unit": lambda: self._tickets(unit=self._unit()),
            "category": lambda: self._tickets(category=self._category()),
            "street": lambda: self._tickets(division=self._street()),
            "district": lambda: self._tickets(division=self._street()[:6]),
            "overdue": lambda: self._tickets(due_to=now),
            "due within a day": lambda: self._tickets(due_from=now, due_to=now + timedelta(days=1)),
            "unit, overdue": lambda: self._tickets(unit=self._unit(), due_to=now),
            "unit, overdue for long": lambda: self._tickets(unit=self._unit(), due_to=now - timedelta(days=90)),
            "category and status": lambda: self._tickets(category=self._category(), status=self._status()),
            "street, category and unit": lambda: self._tickets(
                division=self._street(), category=self._category(), unit=self._unit()
            ),
            "status, category, district, overdue": lambda: self._tickets(
                status="handling", category=self._category(), division=self._street()[:6], due_to=now
            ),
            "one day of the middle": lambda: self._tickets(created_from=day, created_to=day + timedelta(days=1)),
            "unit, a month of the middle": lambda: self._tickets(
                unit=self._unit(), created_from=day, created_to=day + timedelta(days=30)
            ),
            "line and channel": lambda: self._tickets(line="enterprise", channel="wechat"),
            "the serial of a day": lambda: self._tickets(text=f"#{chance.randint(1, A_DAY)}"),
            "a whole telephone number": lambda: self._tickets(phone=f"+86138{chance.randint(0, CALLERS - 1):08d}"),
            "a whole name": lambda: self._tickets(name=f"王{chance.randint(0, NAMES - 1):04d}"),
        }

    def _searches(self) -> dict[str, Callable[[], Ask]]:
        chance, words = self._chance, _WORDS[2]
        long: dict[str, Callable[[], Ask]] = {
            f"{n} characters of any text": partial(lambda n: self._tickets(text=self._cut(n)), n) for n in range(2, 9)
        }
        return long | {
            "2 characters": lambda: self._tickets(text=chance.choice(words)),
            "3 characters": lambda: self._tickets(text=chance.choice(_WORDS[3])),
            "1 character": lambda: self._tickets(text=self._cut(1)),
            "a very common word": lambda: self._tickets(text=_COMMON),
            "a word that is nowhere": lambda: self._tickets(text=_NOWHERE),
            "characters that are nowhere together": lambda: self._tickets(text=self._cut(2) + self._cut(2)),
            "a common word of a rare unit": lambda: self._tickets(text=_COMMON, unit=self._rare_unit()),
            "a common word of any unit": lambda: self._tickets(text=_COMMON, unit=self._unit()),
            "a word of any unit": lambda: self._tickets(text=chance.choice(words), unit=self._unit()),
            "a word in a rare status": lambda: self._tickets(text="停水", status="dispatched"),
            "a common word, rare category and street": lambda: self._tickets(
                text=_COMMON, category="2", division=STREETS[-1]
            ),
            "a common word in a month of the middle": lambda: self._tickets(
                text=_COMMON,
                created_from=BEGAN + timedelta(days=TICKETS // A_DAY // 2),
                created_to=BEGAN + timedelta(days=TICKETS // A_DAY // 2 + 30),
            ),
            "two words": lambda: self._tickets(text=f"{chance.choice(words)} {chance.choice(words)}"),
            "a common and a rare word": lambda: self._tickets(text=f"{_COMMON} {self._cut(6)}"),
        }

    def _pages(self) -> dict[str, Callable[[], Ask]]:
        chance = self._chance
        asked: dict[str, Callable[[], dict[str, Any]]] = {
            "of all": dict,
            "of a unit": lambda: {"unit": self._unit()},
            "of a category": lambda: {"category": self._category()},
            "of a very common word": lambda: {"text": _COMMON},
            "of a word": lambda: {"text": chance.choice(_WORDS[2])},
            "of a common word of any unit": lambda: {"text": _COMMON, "unit": self._unit()},
        }
        second: dict[str, Callable[[], Ask]] = {
            f"page 2 {name}": partial(lambda make: self._tickets(cursor=self._at(0.9999), **make()), make)
            for name, make in asked.items()
        }
        deep: dict[str, Callable[[], Ask]] = {
            f"a page deep down {name}": partial(
                lambda make: self._tickets(cursor=self._at(chance.random()), **make()), make
            )
            for name, make in asked.items()
        }
        return second | deep

    def _oldest(self) -> dict[str, Callable[[], Ask]]:
        """As a case system follows the record."""
        chance, now = self._chance, BEGAN + timedelta(days=TICKETS / A_DAY)
        return {
            "as they changed, from anywhere": lambda: self._changed(since=chance.randint(0, TICKETS)),
            "as they changed, unit": lambda: self._changed(unit=self._unit()),
            "as they changed, unit, of the newest": lambda: self._changed(unit=self._unit(), since=TICKETS - 2_000),
            "as they changed, status": lambda: self._changed(status=self._status()),
            "as they changed, overdue": lambda: self._changed(due_to=now),
            "as they changed, category and status": lambda: self._changed(
                category=self._category(), status=self._status()
            ),
            "as they changed, a day of the middle": lambda: self._changed(
                created_from=now - timedelta(days=TICKETS // A_DAY // 2),
                created_to=now - timedelta(days=TICKETS // A_DAY // 2 - 1),
            ),
            "as they changed, a word": lambda: self._changed(text=chance.choice(_WORDS[2])),
            "as they changed, a common word of any unit": lambda: self._changed(text=_COMMON, unit=self._unit()),
        }

    def _of_tasks(self) -> dict[str, Callable[[], Ask]]:
        lists, chance = self._database.case_lists, self._chance

        async def listed(unit: str | None, *, open_: bool | None) -> int:
            page = await lists.tasks(TaskQuery(unit=unit, open=open_, limit=_PAGE))
            if page.next_cursor is not None:
                page = await lists.tasks(TaskQuery(unit=unit, open=open_, limit=_PAGE, cursor=page.next_cursor))
            return len(page.items)

        async def own(unit: str, *, open_: bool) -> int:
            query = TaskQuery(unit=unit, open=open_, newest_first=not open_, limit=_PAGE)
            return len((await lists.tasks(query)).items)

        async def overdue(unit: str | None) -> int:
            return len((await self._database.case_clocks.overdue(unit=unit, limit=_PAGE)).items)

        return {
            "open tasks of a unit, two pages": lambda: partial(listed, self._unit(), open_=True),
            "tasks of a unit, two pages": lambda: partial(listed, self._unit(), open_=None),
            "open tasks, two pages": lambda: partial(listed, None, open_=True),
            "tasks, two pages": lambda: partial(listed, None, open_=None),
            "a unit's inbox": lambda: partial(own, self._unit(), open_=True),
            "what a unit has done": lambda: partial(own, self._unit(), open_=False),
            "limits that were not kept": lambda: partial(overdue, chance.choice((None, self._unit()))),
        }

    def _tickets(self, **query: Any) -> Ask:
        return partial(self._found, TicketQuery(newest_first=True, limit=_PAGE, **query))

    def _changed(self, **query: Any) -> Ask:
        return partial(self._found, TicketQuery(limit=_PAGE, **query))

    async def _found(self, query: TicketQuery) -> int:
        return len((await self._database.reader.tickets(query)).items)

    def _at(self, share: float) -> str:
        """The cursor behind which so much of the record is left."""
        return f"n{number_of(int(TICKETS * share))}"

    def _cut(self, length: int) -> str:
        text = "".join(c for c in normal(self._chance.choice(self._longer)) if c.isalnum())
        at = self._chance.randint(0, max(0, len(text) - length))
        return text[at : at + length]

    def _unit(self) -> str:
        return self._chance.choice(UNITS)

    def _rare_unit(self) -> str:
        return self._chance.choice(UNITS[200:])

    def _status(self) -> str:
        return self._chance.choice(("registered", "dispatched", "handling", "archived", "evaluated"))

    def _category(self) -> str:
        """Of any of the three levels."""
        code = "".join(f"{self._chance.randint(1, most):02d}" for most in (22, 12, 8))
        return code[: 2 * self._chance.randint(1, 3)]

    def _street(self) -> str:
        return self._chance.choice(STREETS)


async def _measured(database: Database, beside: str) -> list[Row]:
    rows, backends = [], await database.sql.read(_backends)
    for kind, make in Questions(database).kinds().items():
        times, used, found = [], [], 0
        for ask in [make() for _ in range(ASKED)]:
            cpu, began = _used_ms(backends), time.perf_counter()
            found += await ask()
            times.append((time.perf_counter() - began) * 1000)
            used.append(_used_ms(backends) - cpu)
        p95 = _p95(used)
        told = f"p50 {statistics.median(used):.1f} ms, p95 {p95:.1f} ms CPU (wall {_p95(times):.1f} ms), "
        told += f"{found / ASKED:.0f} found"
        rows.append(judged(f"{beside}: {kind}", told, f"{GOAL_MS:.0f} ms", p95 / GOAL_MS, at_most=1.0))
        sys.stderr.write(f"{rows[-1]['measure']}: {told}\n")
    return rows


def _backends(connection: sa.Connection) -> list[int]:
    """The processes that answer for PostgreSQL."""
    if connection.dialect.name == "sqlite":
        return []
    named = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    return list(connection.exec_driver_sql(named).scalars())


def _used_ms(backends: list[int]) -> float:
    """Milliseconds of CPU that this process and these have used."""
    theirs = (Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0] for pid in backends)
    return time.process_time() * 1e3 + sum(map(int, theirs)) / 1e6


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


async def _followed(database: Database, beside: str) -> Row:
    """How long after a contact was accepted it can be found."""
    intake = ContactIntake(
        store=database.changes, prefill=PrefillReader.of(ROOT / "config", str(SHANGHAI)), clock=SystemClock()
    )
    following = asyncio.create_task(database.search.run())
    behind = []
    for number in range(CONTACTS):
        contact = InboundContact(
            channel="platform",
            channel_id="bench",
            external_id=f"bench-{number}",
            received_at=datetime.now(UTC),
            content=f"第{number}盏路灯坏了三天，晚上看不见路",
            requester={"phone": f"+86139{number:08d}"},
            body_sha256=f"{number:064x}",
        )
        ticket_no = int((await intake.accept(contact)).ticket_no)
        began = time.perf_counter()
        await until(partial(_is_known, database, ticket_no), "its text in the index")
        behind.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.0, EVERY_S - behind[-1]))
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    told = f"p50 {statistics.median(behind):.2f} s, slowest {max(behind):.2f} s of {CONTACTS}"
    goal = f"{GOAL_BEHIND_S:.0f} s"
    return judged(f"{beside}: accepted to found", told, goal, max(behind) / GOAL_BEHIND_S, at_most=1.0)


async def _is_known(database: Database, ticket_no: int) -> bool:
    query = sa.select(s.ticket_texts.c.no).where(s.ticket_texts.c.no == ticket_no)
    return await database.sql.read(lambda c: c.execute(query).scalar()) is not None


async def _of(url: str, folder: Path, beside: str) -> list[Row]:
    database = await open_database(url, data_dir=folder, zone=SHANGHAI)
    try:
        took = await fill(database, TICKETS)
        if url:
            async with database.sql.driver_connection() as connection:  # type: ignore[attr-defined]  # PostgreSQL's
                await connection.execute("VACUUM ANALYZE")
        rows = await _measured(database, beside)
        rows.append(await _followed(database, beside))
    finally:
        await database.aclose()
    size = await asyncio.to_thread(_megabytes, folder)
    told = f"{took:.0f} µs CPU" + (f", {size:,.0f} MB in all" if size else "")
    return [*rows, judged(f"{beside}: the text of a ticket into the index", told, "1 ms", took / 1000, at_most=1.0)]


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob("gateway.db*")) / 1e6


async def rows() -> list[Row]:
    """On each database."""
    log.configure(level="warning")
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        found = await _of("", Path(folder), "SQLite")
    if shutil.which("postgres") is None:
        return [*found, judged("PostgreSQL", "not installed here", "", 1.0)]
    with postgres_server() as server, tempfile.TemporaryDirectory(dir=ROOT) as folder:
        return found + await _of(await server.create("search"), Path(folder), "PostgreSQL")
