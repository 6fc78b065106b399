"""A record of two years as the gateway writes it: tickets, tasks, clocks, narrow rows and the index of pairs.

Texts are made up as in ``similar``, spread over units, divisions and categories of which few are common and most are
rare. The newest 2 % are open; of the others one in a thousand was never answered. Rows are written in bulk, for a
million accepts would take hours: those of the first 70 days and the open ones as the gateway makes them, those between
as the database's own copies of the first 70 days, with other numbers and times.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import islice
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bench.similar import made_up
from gateway.domain import masking
from gateway.domain.bigrams import tokens
from gateway.domain.form import Form, UnitTask
from gateway.domain.ids import rfc3339
from gateway.storage import search_state, search_texts
from gateway.storage import search_tables as s
from gateway.storage import tables as t
from gateway.storage.bulk import Bulk, Row
from gateway.storage.codec import json_text
from gateway.storage.database import Database
from gateway.storage.facets import facet_row, write_facets

A_DAY = 1_400
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = [f"E{n:03d}" for n in range(300)]
"""The first has most tickets, the last next to none."""
STREETS = [f"4601{n % 4 + 5:02d}{n:03d}" for n in range(46)]
CALLERS, NAMES = 80_000, 5_000
AT_ONCE = 2_000
COPIED_DAYS = 70
_COPIED = COPIED_DAYS * A_DAY
_OPEN, _FORGOTTEN, _JOINT = 0.98, 1_000, 10
_LIMIT = timedelta(hours=48)
_TICKET, _INTERACTION = Bulk.insert(t.tickets), Bulk.insert(t.interactions)
_TASK, _CLOCK = Bulk.insert(t.tasks), Bulk.insert(t.clocks)
_BLANK = dict.fromkeys(column.name for column in t.interactions.c)


@dataclass(slots=True)
class Made:
    """One ticket: its form and the rows that it leaves."""

    ticket: Row
    form: Form
    interaction: Row
    tasks: list[Row]
    clocks: list[Row]


def number_of(n: int) -> str:
    """The number of the ``n``-th ticket."""
    day, serial = divmod(n, A_DAY)
    return f"{_day(day)}{serial + 1:07d}"


@cache
def _day(nth: int) -> str:
    return f"{BEGAN.astimezone(SHANGHAI) + timedelta(days=nth):%Y%m%d}"


def rare(chance: random.Random, count: int) -> int:
    """Of ``count`` the first is drawn most often, the last hardly ever."""
    return min(int(count * chance.random() ** 4), count - 1)


def _made(numbers: Sequence[int], count: int) -> Iterator[Made]:
    """These of ``count``."""
    chance = random.Random(1)  # noqa: S311 - makes texts up, guards nothing
    texts = [entry.text for entry in made_up(min(count, 100_000), seed=2)]
    for n in numbers:
        day, serial = divmod(n, A_DAY)
        at = BEGAN + timedelta(days=day, seconds=60 * serial // 2)
        is_open = n >= count * _OPEN
        status = chance.choice(("registered", "dispatched", "handling")) if is_open else "archived"
        form = Form()
        form.demand.content = texts[rare(chance, len(texts))] if n % 3 else texts[n % len(texts)]
        form.demand.title = form.demand.content[:16]
        code = f"{rare(chance, 22) + 1:02d}{rare(chance, 12) + 1:02d}{rare(chance, 8) + 1:02d}"
        form.demand.category.code = code
        street = STREETS[rare(chance, len(STREETS))]
        form.place.street.code, form.place.district.code = street, street[:6]
        form.handling.lead_unit = UNITS[rare(chance, len(UNITS))]
        form.requester.phone, form.requester.name = f"+86138{n % CALLERS:08d}", f"王{n % NAMES:04d}"
        ticket = {
            "ticket_id": f"0{n // _COPIED:03d}{n % _COPIED:022d}",
            "ticket_no": number_of(n),
            "status": status,
            "line": "enterprise" if n % 50 == 0 else "citizen",
            "channel": "sip" if n % 4 else "wechat",
            "channel_id": "hotline",
            "empty": n % 20 == 0,
            "pending": False,
            "created_at": (told := rfc3339(at)),
            "updated_at": told,
            "version": 1,
            "event_seq": n + 1,
            "requester_id": f"r{n % CALLERS}",
            "phone": form.requester.phone,
            "callback_phone": None,
            "hidden": False,
            "search": "",
            "search_masked": "",
            "merged_into": None,
            "erased_at": None,
        }
        made = Made(ticket, form, _call(ticket), [], [])
        if status != "registered":
            units = [form.handling.lead_unit] + ([chance.choice(UNITS)] if n % _JOINT == 0 else [])
            for nth, unit in enumerate(units):
                _dispatch(made, unit, at, nth=nth, answered=not is_open and n % _FORGOTTEN > 0)
        ticket["doc"] = json_text(form)
        yield made


def _call(ticket: Row) -> Row:
    """The contact that it came by."""
    return {
        **_BLANK,
        **{key: ticket[key] for key in ("ticket_id", "channel", "channel_id")},
        "interaction_id": f"I{ticket['ticket_id'][1:]}",
        "direction": "inbound",
        "disposition": "completed",
        "started_at": ticket["created_at"],
        "ended_at": ticket["created_at"],
        "doc": "{}",
    }


def _dispatch(made: Made, unit: str, at: datetime, *, nth: int, answered: bool) -> None:
    """A unit has to answer, or has."""
    due_at, ticket_id = rfc3339(at + _LIMIT), made.ticket["ticket_id"]
    task = UnitTask(f"T{ticket_id[1:]}{nth}", unit=unit, role="joint" if nth else "lead", version=3, due_at=due_at)
    task.dispatched_at = task.signed_at = made.ticket["created_at"]
    task.replied_at = made.ticket["created_at"] if answered else None
    task.status = "accepted" if answered else "working" if made.ticket["status"] == "handling" else "offered"
    made.form.handling.units.append(task)
    row = {"task_id": task.task_id, "ticket_id": ticket_id, "unit": unit, "role": task.role, "status": task.status}
    made.tasks.append(row | {"due_at": None if answered else due_at, "open": not answered})
    if not answered:
        clock = {"clock_id": f"C{task.task_id[1:]}", "ticket_id": ticket_id, "task_id": task.task_id, "unit": unit}
        clock |= {"kind": "reply", "due_at": due_at, "next_at": due_at, "leased_by": None, "leased_at": None}
        made.clocks.append(clock | {"overdue_since": due_at if made.ticket["status"] == "archived" else None})


async def fill(database: Database, count: int) -> float:
    """Write ``count`` tickets into an empty database; microseconds of CPU for the text of each that was not copied."""
    began, is_open = time.monotonic(), int(count * _OPEN)
    copies = max(1, is_open // _COPIED)
    first = min(count, _COPIED)
    took = await _write(database, range(first), count)
    await database.sql.write(_keep_tokens)
    for nth in range(1, copies):
        await database.sql.write(partial(_copy, nth=nth))
        sys.stderr.write(f"{(nth + 1) * _COPIED:,} tickets after {time.monotonic() - began:.0f} s\n")
    last = range(max(first, copies * _COPIED), count)
    took += await _write(database, last, count)
    days = sorted({number_of(n)[:8] for n in range(0, count + A_DAY, A_DAY)})

    def end(connection: sa.Connection) -> None:
        connection.exec_driver_sql("DROP TABLE bench_tokens")
        connection.execute(sa.insert(t.serials), [{"day": day, "last": A_DAY} for day in days])
        connection.execute(sa.update(t.counters).where(t.counters.c.name == "event_seq").values(value=count))
        search_state.put(connection, **{search_state.EVENT_SEQ: str(count), search_state.RULES: str(masking.RULES)})

    await database.sql.write(end)
    return took / (first + len(last)) * 1e6


async def _write(database: Database, numbers: Sequence[int], count: int) -> float:
    """These of ``count``; seconds of CPU for their texts."""
    took, made = 0.0, _made(numbers, count)

    def work(connection: sa.Connection) -> None:
        nonlocal took
        _TICKET.run(connection, [one.ticket for one in some])
        _INTERACTION.run(connection, [one.interaction for one in some])
        _TASK.run(connection, [row for one in some for row in one.tasks])
        _CLOCK.run(connection, [row for one in some for row in one.clocks])
        write_facets(connection, [facet_row(one.ticket, one.form) for one in some])
        started = time.process_time()
        # What a mask costs is told by other benches; these texts hold nothing personal.
        said = {int(one.ticket["ticket_no"]): f"{one.form.demand.title} {one.form.demand.content}" for one in some}
        search_texts.put(connection, said)
        took += time.process_time() - started

    while some := list(islice(made, AT_ONCE)):
        await database.sql.write(work)
    return took


def _keep_tokens(connection: sa.Connection) -> None:
    """SQLite's index of pairs tells nobody what is in it."""
    connection.exec_driver_sql("CREATE TABLE bench_tokens (no INTEGER PRIMARY KEY, tokens TEXT)")
    if connection.dialect.name == "sqlite":
        texts = connection.execute(sa.select(s.ticket_texts.c.no, s.ticket_texts.c.text)).all()
        rows = [(row.no, " ".join(sorted(tokens(row.text)))) for row in texts]
        connection.exec_driver_sql("INSERT INTO bench_tokens VALUES (?, ?)", rows)


def _copy(connection: sa.Connection, *, nth: int) -> None:
    """The first 70 days once more, so many times 70 days later."""
    days, sqlite = nth * COPIED_DAYS, connection.dialect.name == "sqlite"

    def number(name: str) -> str:
        if sqlite:
            day = f"substr({name}, 1, 4) || '-' || substr({name}, 5, 2) || '-' || substr({name}, 7, 2)"
            return f"strftime('%Y%m%d', {day}, '+{days} days') || substr({name}, 9)"
        return f"to_char(to_date(substr({name}, 1, 8), 'YYYYMMDD') + {days}, 'YYYYMMDD') || substr({name}, 9)"

    def instant(name: str) -> str:
        if sqlite:
            return f"date(substr({name}, 1, 10), '+{days} days') || substr({name}, 11)"
        return f"to_char(CAST(substr({name}, 1, 10) AS DATE) + {days}, 'YYYY-MM-DD') || substr({name}, 11)"

    no = f"CAST({number('CAST(no AS TEXT)')} AS BIGINT)"
    ids = {
        name: f"'{letter}{nth:03d}' || substr({name}, 5)"
        for name, letter in (("ticket_id", "0"), ("interaction_id", "I"), ("task_id", "T"), ("clock_id", "C"))
    }
    times = ("created_at", "updated_at", "started_at", "ended_at", "due_at", "next_at", "overdue_since")
    anew = ids | {name: instant(name) for name in times} | {"no": no, "ticket_no": number("ticket_no")}
    anew["event_seq"] = f"event_seq + {nth * _COPIED}"
    last = number_of(_COPIED - 1)
    before = {
        name: f"{name} <= {value}"
        for name, value in (("no", last), ("ticket_no", f"'{last}'"), ("ticket_id", f"'{0:04d}{_COPIED:022d}'"))
    }
    for table in (t.tickets, t.interactions, t.tasks, t.clocks, s.ticket_facets, s.ticket_texts):
        names = [column.name for column in table.c]
        values = ", ".join(anew.get(name, name) for name in names)
        where = next(told for name, told in before.items() if name in names)
        sql = f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name} WHERE {where}"  # noqa: S608 - our own names
        connection.exec_driver_sql(sql)
    if sqlite:
        connection.exec_driver_sql(
            f"INSERT INTO ticket_pairs (rowid, tokens) SELECT {no}, tokens FROM bench_tokens ORDER BY no"  # noqa: S608 - our own
        )
