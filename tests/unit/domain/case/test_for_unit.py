"""What a unit is shown: its own task and what the work needs, picked by name; nothing of who hides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case import for_unit
from gateway.domain.case.note import Note, NoteKind
from gateway.domain.case.picture import Shows, picture_id
from gateway.domain.case.stage import WITHIN
from gateway.domain.task_status import GONE, NEXT, UNIT_VERBS, TaskStatus
from tests.support.clocks import NOON
from tests.support.records import records

pytestmark = pytest.mark.unit
NAME, NUMBER, SAID = "欧阳若兰", "13999990000", "只在录音里说过的话"
OWN, OTHER = "K1", "K2"
THEIRS = "theirs"
MINE, OTHERS = (picture_id(task_id, Shows.AFTER, "aa") for task_id in (OWN, OTHER))
STATUSES = st.sampled_from(list(TaskStatus))


def _task(task_id: str, unit: str, status: TaskStatus) -> dict[str, Any]:
    times = ("dispatched_at", "signed_at", "responded_at", "arrived_at", "replied_at", "accepted_at", "due_at")
    task = {"task_id": task_id, "unit": unit, "role": "lead", "status": status.value, "version": 1}
    returns = [{"at": "2026-12-01T01:00:00.000Z", "unit": unit, "rule": "unclear", "reason": SAID, "upheld": True}]
    return task | dict.fromkeys((*times, "asked_until", "asked_pause")) | {"returns": returns, "held": False}


def _clock(task_id: str) -> dict[str, Any]:
    keys = ("kind", "started_at", "due_at", "warn_at", "breached_at", "paused_at", "met_at", "stopped_at")
    return {"task_id": task_id, "unit": "M02", "calendar": SAID, **dict.fromkeys(keys), "kind": "reply"}


def _told(record: dict[str, Any], status: TaskStatus, **hiding: bool) -> dict[str, Any]:
    """``record`` as a ticket of two units whose requester is known to it by name and number."""
    requester: dict[str, Any] = {
        "kind": "citizen",
        "name": NAME,
        "phone": f"+86{NUMBER}",
        "callback_phone": NUMBER,
        "language": None,
    }
    requester |= {"accessibility": [], "secret": False, "anonymous": False, "org_name": None} | hiding
    content = f"我叫{NAME}，电话{NUMBER}，路灯坏了"
    return record | {
        "requester": requester,
        "demand": record["demand"] | {"title": f"{NAME}反映路灯", "content": content},
        "interactions": [{"from_raw": f"<sip:{NUMBER}@h.cn>", "transcript": [{"text": SAID}], "messages": []}],
        "handling": record["handling"]
        | {
            "units": [_task(OWN, "M02", status), _task(OTHER, "M04", TaskStatus.SIGNED)],
            "clocks": [_clock(OWN), _clock(OTHER), _clock("")],
        },
        "attachments": [
            {
                "attachment_id": one,
                "name": f"{NAME}{NUMBER}.png",
                "media_type": kind,
                "bytes": 1,
                "sha256": SAID,
                "url": SAID,
            }
            for one, kind in ((THEIRS, "image/png"), ("voice", "audio/amr"), (MINE, "image/png"), (OTHERS, "image/png"))
        ],
        "prefill": record["prefill"] | {"mentions": [], "fields": {"requester.name": {"value": NAME}}},
    }


def _event(seq: int, kind: str, **data: Any) -> dict[str, Any]:
    return {"event_seq": seq, "type": kind, "at": "2026-12-01T02:00:00.000Z", "actor": "user:x", "data": data}


EVENTS = [
    _event(1, "task.pictured", task_id=OWN, attachment_id=MINE, shows="after"),
    _event(2, "task.signed", task_id=OTHER),
    _event(3, "case.conferred", units=["M04"], note_id="between"),
    _event(4, "case.conferred", units=["M02"], note_id="with us"),
    _event(5, "case.reopened", reason="not_solved", note_id="again"),
    _event(6, "case.supervised", reason="overdue", note_id="pressed"),
    _event(7, "task.sent_back", task_id=OTHER, reason="unclear", note_id="not ours"),
]


def _note(note_id: str, kind: NoteKind, task_id: str | None, text: str, unit: str | None = None) -> Note:
    return Note(
        note_id=note_id, ticket_id="T", task_id=task_id, kind=kind, author="user:x", at=NOON, text=text, unit=unit
    )


NOTES = [
    _note("own", NoteKind.REPLY, OWN, f"已告知{NAME}", "M02"),
    _note("sent back", NoteKind.REASON, OWN, "请补充照片"),
    _note("reason", NoteKind.REASON, OTHER, SAID, "M04"),
    _note("not ours", NoteKind.REASON, OTHER, SAID),
    _note("talk", NoteKind.TALK, OTHER, "今晚会合", "M04"),
    _note("between", NoteKind.TALK, None, SAID),
    _note("forgotten", NoteKind.TALK, None, SAID),
    _note("why this unit", NoteKind.REASON, None, SAID),
    _note("with us", NoteKind.TALK, None, "请水务局到场"),
    _note("again", NoteKind.REASON, None, f"{NAME}说还没修好"),
    _note("pressed", NoteKind.REASON, None, "今日必须恢复"),
]
OF_ONES_OWN = [("own", "M02"), ("sent back", None)]


def _whole(record: dict[str, Any]) -> dict[str, Any]:
    task = for_unit.task_of(record, OWN)
    assert task is not None
    return for_unit.whole(record, task, events=EVENTS, notes=NOTES, names={"M04": "市交通运输局"})


@given(records(), STATUSES, st.sampled_from(("secret", "anonymous")))
def test_who_hides_is_nowhere(record: dict[str, Any], status: TaskStatus, hiding: str) -> None:
    shown = _whole(_told(record, status, **{hiding: True}))
    assert (shown["contact"], shown["attachments"]) == (None, [])
    words = json.dumps(shown, ensure_ascii=False)
    for secret in (NAME, NAME[1:], NUMBER, NUMBER[:3] + "*", SAID):
        assert secret not in words


@given(records(), STATUSES)
def test_of_everybody_else_it_is_masked_and_as_long_as_the_task_is_ones_own(
    record: dict[str, Any], status: TaskStatus
) -> None:
    shown = _whole(_told(record, status))
    words = json.dumps(shown, ensure_ascii=False)
    for secret in (NAME, NUMBER, SAID):
        assert secret not in words
    if status in GONE:
        assert (shown["contact"], shown["attachments"], shown["others"]) == (None, [], [])
        assert [(one["note_id"], one["unit"]) for one in shown["notes"]] == OF_ONES_OWN
    else:
        to_all = [("talk", "M04"), ("with us", None), ("again", None), ("pressed", None)]
        assert [(one["note_id"], one["unit"]) for one in shown["notes"]] == [*OF_ONES_OWN, *to_all]
        assert shown["others"] == [{"unit": "M04", "role": "lead", "status": "signed", "name": "市交通运输局"}]
        assert (shown["contact"]["name"], shown["contact"]["phone"]) == ("欧***", "+86139****0000")
        assert [one["attachment_id"] for one in shown["attachments"]] == [THEIRS]
    assert [one["attachment_id"] for one in shown["pictures"]] == [MINE]
    assert [one["type"] for one in shown["history"]] == ["task.pictured"]
    assert len(shown["clocks"]) == 1
    open_ = record["status"] in WITHIN
    assert set(shown["verbs"]) == (NEXT[status].keys() & UNIT_VERBS if open_ else set())


@given(records(), STATUSES)
def test_a_field_that_is_added_to_the_record_is_not_shown(record: dict[str, Any], status: TaskStatus) -> None:
    told = _told(record, status)
    plain = _whole(told)
    for section in ("demand", "place", "handling", "requester"):
        told[section] = told[section] | {"new": SAID}
    told["handling"]["units"] = [one | {"new": SAID} for one in told["handling"]["units"]]
    assert _whole(told | {"new": SAID}) == plain
