"""What a unit has to do as lists look for it, and what it tells and shows beside the verbs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.casework.task_sharing import NoteOnTask, PictureForTask
from gateway.domain.attachments import NewAttachment
from gateway.domain.case.note import NoteKind
from gateway.domain.case.picture import Shows
from gateway.domain.command import Applied
from gateway.errors import Conflict, NotFound, RejectedInput
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


@pytest.fixture
def office(db: Database) -> Office:
    return Office(db)


async def _names(
    db: Database, unit: str, *, open_: bool = True, after: str | None = None, limit: int = 50
) -> list[str]:
    return [row.task_id for row in await db.unit_tasks.of(unit, open_=open_, after=after, limit=limit)]


async def test_what_is_due_first_comes_first_and_what_is_done_leaves(db: Database, office: Office) -> None:
    tasks = []
    for after_s in (600, 0, 300):
        await office.registered()
        tasks += await office.dispatched("M02", "M04", after_s=after_s)
    late, early, middle = (task for task in tasks if task.endswith("M02"))
    assert await _names(db, "M02") == [early, middle, late]
    assert await _names(db, "M02", after=early, limit=1) == [middle]
    assert await _names(db, "M02", after=late) == []
    assert await _names(db, "E01") == []
    await office.do("reply", middle, after_s=900, text="修好了")  # of the ticket that was registered last
    assert await _names(db, "M02") == [early, late]
    assert await _names(db, "M02", open_=False) == [middle]
    with pytest.raises(RejectedInput, match="begin anew"):
        await _names(db, "E01", after=early)
    with pytest.raises(NotFound):
        await db.unit_tasks.one("nothing")


async def _noted(office: Office, task_id: str, text: str) -> Applied:
    note = NoteOnTask(
        at=NOON, actor="user:shui", ticket_id=office.ticket_id, task_id=task_id, note_id="note-1", text=text
    )
    return await office.db.changes.execute(note)


async def _shown(office: Office, task_id: str) -> Applied:
    picture = NewAttachment(
        attachment_id=f"picture-{task_id}",
        channel_id="unit",
        kind="image",
        message_id="m",
        media_type="image/png",
        bytes=9,
        sha256="ab" * 32,
        location="2026/12/01/" + "ab" * 32,
    )
    return await office.db.changes.execute(
        PictureForTask(
            at=NOON + timedelta(minutes=1),
            actor="user:shui",
            ticket_id=office.ticket_id,
            task_id=task_id,
            attachment=picture,
            shows=Shows.AFTER,
        )
    )


async def test_notes_and_pictures_stand_beside_the_task_and_alter_nothing_of_it(db: Database, office: Office) -> None:
    await office.registered()
    mine, theirs = await office.dispatched("M02", "M04")
    await _noted(office, mine, "今晚八点会合")
    assert not (await _shown(office, mine)).skipped
    assert (await _shown(office, mine)).skipped, "the same picture once more"
    record = await office.record()
    assert {one["version"] for one in record["handling"]["units"]} == {1}
    (file,) = record["attachments"]
    assert (file["sha256"], file["url"]) == ("ab" * 32, f"/api/v1/attachments/picture-{mine}")
    assert (await db.attachments.get(file["attachment_id"])).ticket_id == office.ticket_id
    (note,) = await db.unit_tasks.notes(office.ticket_id)
    assert (note.kind, note.task_id, note.text) == (NoteKind.TALK, mine, "今晚八点会合")
    assert (await office.types())[-2:] == ["task.noted", "task.pictured"]
    events = await db.reader.events(ticket_id=office.ticket_id)
    assert "今晚" not in str(events)
    await office.do("return", theirs, reason="not_ours")
    await office.do("accept", theirs, actor="user:li")
    for late in (_noted, lambda office, task, _: _shown(office, task)):
        with pytest.raises(Conflict, match="returned takes in nothing more"):
            await late(office, theirs, "我也来")
