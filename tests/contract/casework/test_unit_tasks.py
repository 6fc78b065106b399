"""What a unit has to do as lists look for it, and what it tells and shows beside the verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.casework.task_sharing import NoteOnTask, PictureForTask
from gateway.domain.attachments import NewAttachment
from gateway.domain.case.note import NoteKind
from gateway.domain.case.picture import MOST_OF_A_TASK, Shows, picture_id
from gateway.domain.command import Applied
from gateway.domain.keys import ExternalKey
from gateway.errors import Conflict, NotFound
from gateway.ports.cases import TaskQuery
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


@pytest.fixture
def office(db: Database) -> Office:
    return Office(db)


async def _names(
    db: Database, unit: str, *, open_: bool = True, cursor: str | None = None, limit: int = 50
) -> list[str]:
    query = TaskQuery(unit=unit, open=open_, newest_first=not open_, cursor=cursor, limit=limit)
    return [row.task_id for row in (await db.case_lists.tasks(query)).items]


async def test_what_is_due_first_comes_first_and_what_is_done_leaves(db: Database, office: Office) -> None:
    tasks = []
    for after_s in (600, 0, 300):
        await office.registered()
        tasks += await office.dispatched("M02", "M04", after_s=after_s)
    late, early, middle = (task for task in tasks if task.endswith("M02"))
    assert await _names(db, "M02") == [early, middle, late]
    cursor = (await db.case_lists.tasks(TaskQuery(unit="M02", open=True, limit=1))).next_cursor
    assert await _names(db, "M02", cursor=cursor, limit=1) == [middle]
    assert await _names(db, "E01") == []
    await office.do("reply", middle, after_s=900, text="修好了")  # of the ticket that was registered last
    assert await _names(db, "M02") == [early, late]
    assert await _names(db, "M02", open_=False) == [middle]
    with pytest.raises(NotFound):
        await db.case_lists.task("nothing")


async def _noted(office: Office, task_id: str, text: str, **more: Any) -> Applied:
    given = {"note_id": "note-1", **more}
    note = NoteOnTask(at=NOON, actor="user:shui", ticket_id=office.ticket_id, task_id=task_id, text=text, **given)
    return await office.db.changes.execute(note)


async def _shown(office: Office, task_id: str, nth: int = 0) -> Applied:
    picture = NewAttachment(
        attachment_id=picture_id(task_id, Shows.AFTER, f"{nth:064x}"),
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
    assert (file["sha256"], file["url"]) == ("ab" * 32, f"/api/v1/attachments/{file['attachment_id']}")
    assert (await db.attachments.get(file["attachment_id"])).ticket_id == office.ticket_id
    (note,) = await db.case_lists.notes(office.ticket_id)
    assert (note.kind, note.task_id, note.unit, note.text) == (NoteKind.TALK, mine, "M02", "今晚八点会合")
    assert (await office.types())[-2:] == ["task.noted", "task.pictured"]
    events = await db.reader.events(ticket_id=office.ticket_id)
    assert "今晚" not in str(events)
    await office.do("return", theirs, reason="not_ours")
    await office.do("accept", theirs, actor="user:li")
    for late in (_noted, lambda office, task, _: _shown(office, task)):
        with pytest.raises(Conflict, match="returned takes in nothing more"):
            await late(office, theirs, "我也来")


async def test_a_note_sent_again_under_its_key_stands_there_once(db: Database, office: Office) -> None:
    await office.registered()
    (mine,) = await office.dispatched("M02")
    key = ExternalKey(channel_id=":case", external_id="once", body_sha256="a")
    assert not (await _noted(office, mine, "今晚八点会合", key=key)).replayed
    assert (await _noted(office, mine, "今晚八点会合", note_id="note-2", key=key)).replayed
    assert [note.note_id for note in await db.case_lists.notes(office.ticket_id)] == ["note-1"]
    other = ExternalKey(channel_id=":case", external_id="once", body_sha256="b")
    with pytest.raises(Conflict):
        await _noted(office, mine, "改九点", note_id="note-3", key=other)


async def test_a_task_has_so_many_pictures_and_each_of_them_may_come_again(office: Office) -> None:
    await office.registered()
    mine, theirs = await office.dispatched("M02", "M04")
    for nth in range(MOST_OF_A_TASK):
        assert not (await _shown(office, mine, nth)).skipped
    for nth in range(MOST_OF_A_TASK):
        assert (await _shown(office, mine, nth)).skipped
    with pytest.raises(Conflict, match="at most 20 pictures"):
        await _shown(office, mine, MOST_OF_A_TASK)
    assert not (await _shown(office, theirs)).skipped, "another unit has room of its own"
    assert len((await office.record())["attachments"]) == MOST_OF_A_TASK + 1


async def test_what_became_of_a_case_is_read_as_its_newest_events_of_some_types(
    db: Database, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.registered()
    (mine,) = await office.dispatched("M02")
    await office.do("sign", mine)
    await office.do("respond", mine)
    found = await db.case_lists.events(office.ticket_id, {"task.signed", "task.responded"})
    assert [one["type"] for one in found] == ["task.signed", "task.responded"]
    monkeypatch.setattr("gateway.storage.case_lists.MOST_READ", 1)
    assert await db.case_lists.events(office.ticket_id, {"task.signed", "task.responded"}) == found[1:]
