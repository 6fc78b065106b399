"""``gateway notices``: what a person sees of notices to units, and does about those that cannot be delivered."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.cli.stored import with_database
from gateway.domain.case.receivers import ROBOTS, NoticeWay
from gateway.domain.events import TaskOffered
from gateway.ports.notices import NewNotice, Pace
from gateway.settings import load
from gateway.storage.database import Database
from tests.support.clocks import NOON
from tests.support.command import configured

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation in which one notice cannot be delivered and one waits."""
    found = configured(tmp_path)

    async def fill(db: Database) -> int:
        for seq, (way, address) in enumerate(
            ((NoticeWay.EMAIL, "gone@water.example"), (NoticeWay.WECOM, f"{ROBOTS}geheim-1234")), 1
        ):
            notice = NewNotice(
                event_seq=seq,
                unit="M02",
                way=way,
                address=address,
                ticket_id=f"t{seq}",
                ticket_no=f"20261123000000{seq}",
                type=TaskOffered.TYPE,
                clock_kind=None,
                task_id="k",
                urgent=False,
                at=NOON - timedelta(days=1),
                due_at=NOON - timedelta(days=1),
            )
            await db.unit_notices.add([notice])
        pace = Pace(urgent_s=0, ordinary_s=0)
        (letter,) = await db.unit_notices.take("w", [NoticeWay.EMAIL], pace, limit=1, lease_s=60)
        await db.unit_notices.dead(letter, NOON, "550 no such mailbox")
        return 0

    asyncio.run(with_database(load(found), fill))
    return found


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Any:
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_who_was_told_of_a_ticket_and_no_robots_key_is_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(capsys, "notices", "list", "--ticket", "20261123-0000002", "--config", config)
    assert said.startswith("202611230000002\tM02\twecom\t…1234\ttask.offered\twaits until ")
    assert len(said.splitlines()) == 1
    every = json.loads(told(capsys, "notices", "list", "--json", "--config", config))
    assert [one["ticket_no"] for one in every] == ["202611230000002", "202611230000001"]
    assert "geheim" not in str(every)


def test_the_dead_are_listed_with_their_reason_sent_again_or_dropped(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = told(capsys, "notices", "list", "--dead", "--config", config)
    assert "gone@water.example" in dead
    assert "550 no such mailbox" in dead
    assert told(capsys, "notices", "retry", "--config", config) == "1 notices will be sent again\n"
    assert told(capsys, "notices", "list", "--dead", "--config", config) == ""
    assert told(capsys, "notices", "drop", "--config", config) == "0 notices dropped\n"
