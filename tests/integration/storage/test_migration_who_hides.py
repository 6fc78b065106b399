"""A database of before this rule: who hides leaves the others, and words can be searched as they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.ports.store import TicketQuery
from gateway.storage import tables as t
from gateway.storage.database import open_database
from gateway.storage.migrate import _config, migrate
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI
from tests.support.searching import indexed

pytestmark = pytest.mark.integration
PHONE = "+8613800138000"


def _down(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, "0005")


async def test_an_older_database_is_filled(tmp_path: Path) -> None:
    database = await open_database("", data_dir=tmp_path, zone=SHANGHAI)
    try:
        wishes = ({}, {"secret": True}, {"anonymous": True, "callback_phone": PHONE}, {"callback_phone": PHONE})
        applied = [
            await database.changes.execute(written(str(n), phone=PHONE, content="电话13912345678", requester=wish))
            for n, wish in enumerate(wishes)
        ]
        # As it was: whoever called from one number was one requester.
        joined = (await database.reader.ticket(applied[0].ticket_id))["requester"]["requester_id"]
        await database.sql.write(lambda c: c.execute(sa.update(t.tickets).values(requester_id=joined)).rowcount)
        await database.sql.write(_down)
        await database.sql.write(migrate)
        records = [await database.reader.ticket(one.ticket_id) for one in applied]
        people = [record["requester"]["requester_id"] for record in records]
        assert people[0] == people[3] == joined
        assert people[1:3] == [one.ticket_id for one in applied[1:3]]

        async def found(**query: str | bool) -> list[str]:
            page = await database.reader.tickets(TicketQuery(**query))  # type: ignore[arg-type]  # the tests' own
            return [item["ticket_id"] for item in page.items]

        assert await found(phone=PHONE) == [applied[0].ticket_id, applied[3].ticket_id]
        await indexed(database)
        assert await found(text="139****5678") == [applied[0].ticket_id, applied[3].ticket_id]
        assert await found(text="1234") == []
        rows = await database.sql.read(
            lambda c: c.execute(sa.select(t.tickets.c.requester_id).order_by(t.tickets.c.ticket_no)).scalars().all()
        )
        assert list(rows) == people
    finally:
        await database.aclose()
