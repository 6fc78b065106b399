"""What people confirmed at the desk becomes masked rows to train on, from the tickets in SQL."""

from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime

import pytest

from gateway.cli import main
from gateway.domain.ids import new_ulid
from gateway.settings import Settings
from gateway.storage.database import open_database
from tests.support.change import Change, NewEvent, NewTicket

pytestmark = pytest.mark.integration

SAID = "我叫王小明，电话13812345678，路灯坏了"


async def fill(settings):
    """Three tickets: one that a person corrected, one that nobody looked at, one without words."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = await open_database(settings.database_url, data_dir=settings.data_dir, zone=settings.zone)
    try:
        for content, by in ((SAID, "user:li"), ("停水了", None), (None, "user:li")):
            at, ticket_id = datetime.now(UTC), new_ulid()
            fields = {("demand", "content"): content} if content else {}
            new = NewTicket(
                ticket_id=ticket_id,
                created_at=at,
                line="citizen",
                channel="phone",
                channel_id="phone",
                fields=fields,
            )
            await database.changes.execute(Change(new_ticket=new, events=(NewEvent(type="ticket.registered", at=at),)))
            if by:
                set_by_hand = {
                    ("demand", "category"): {"code": "0101"},
                    ("handling", "lead_unit"): "U1",
                    ("requester", "name"): "王小明",
                }
                corrected = NewEvent(type="ticket.corrected", at=at, actor=by)
                await database.changes.execute(
                    Change(ticket_id=ticket_id, ticket_fields=set_by_hand, events=(corrected,))
                )
    finally:
        await database.aclose()


@pytest.fixture(autouse=True)
def _three_tickets(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    asyncio.run(fill(Settings()))


@pytest.mark.parametrize(("target", "label"), [("category", "0101"), ("unit", "U1")])
def test_only_what_a_person_set_is_exported_and_no_personal_value(tmp_path, capsys, target, label):
    out = tmp_path / "rows.csv"
    assert main(["prefill", "export", "--target", target, "--out", str(out)]) == 0
    assert "1 rows, 1 labels" in capsys.readouterr().out
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [label]
    assert "路灯坏了" in rows[0]["text"]
    assert "王小明" not in rows[0]["text"]
    assert "13812345678" not in rows[0]["text"]
    assert out.stat().st_mode & 0o077 == 0


def test_nothing_confirmed_writes_nothing(tmp_path, capsys):
    out = tmp_path / "rows.csv"
    assert main(["prefill", "export", "--target", "type", "--out", str(out)]) == 1
    assert "nobody has confirmed" in capsys.readouterr().err
    assert not out.exists()
    assert main(["prefill", "export", "--target", "type", "--out", str(tmp_path / "no" / "x.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err
