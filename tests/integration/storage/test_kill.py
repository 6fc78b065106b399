"""kill -9 in the middle of writing: what was answered is there, once, and numbers have no gap."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.ports.store import TicketQuery
from gateway.storage.database import Database
from tests.contract.storage.changes import written
from tests.support.stores import Open

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
CHILD = [sys.executable, "-m", "tests.integration.storage.child"]
ROUNDS = 3


def run_and_kill(url: str, name: str, seconds: float) -> list[tuple[str, str]]:
    """(key, ticket_no) of every accept that a killed process answered."""
    with subprocess.Popen([*CHILD, "accept", url, name], stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        assert first, "the child wrote nothing"
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
    lines = (first + rest).decode().splitlines(keepends=True)
    return [(key, number) for key, number in (line.split() for line in lines if line.endswith("\n"))]


async def walk(db: Database) -> list[str]:
    numbers: list[str] = []
    cursors: list[str] = []
    cursor = None
    while True:
        page = await db.reader.tickets(TicketQuery(limit=1000, cursor=cursor))
        numbers += [record["ticket_no"] for record in page.items]
        if page.next_cursor is None:
            return numbers
        assert page.next_cursor not in cursors, "a cursor led back"
        cursors.append(cursor := page.next_cursor)


async def test_nothing_that_was_answered_is_lost(url: str, opened: Open) -> None:
    pick = random.Random(12345)
    answered: list[tuple[str, str]] = []
    for n in range(ROUNDS):
        answered += run_and_kill(url, f"run{n}", pick.uniform(0.2, 0.8))
    db = await opened()
    numbers = sorted(await walk(db))
    days = {number[:8] for number in numbers}
    assert all(
        [int(number[8:]) for number in numbers if number.startswith(day)]
        == list(range(1, sum(number.startswith(day) for number in numbers) + 1))
        for day in days
    )
    events = await db.reader.last_event_seq()
    seen = 0
    while found := await db.reader.events(after=seen, limit=1000):
        assert [e["event_seq"] for e in found] == list(range(seen + 1, seen + 1 + len(found)))
        seen = found[-1]["event_seq"]
    assert seen == events == 2 * len(numbers)
    assert len({number for _, number in answered}) == len(answered)
    for key, number in answered[:: max(1, len(answered) // 50)] + answered[-20:]:
        again = await db.changes.apply(written(key))
        assert again.replayed
        assert again.ticket_no == number
    assert {number for _, number in answered} <= set(numbers)
