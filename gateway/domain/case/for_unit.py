"""What the people of a unit are shown of a ticket: their own task, and of the rest what the work needs.

Everything is picked by name out of the masked record, so that a field which is added to it is not shown here. Of who
asked to stay unknown neither name nor number is shown, nor of anybody once the unit has no more to do with the
ticket, which is told nothing then of what the others do; recordings, transcripts and messages are shown of nobody. A
talk that names its units is theirs alone. What the centre writes to the units when it opens a case again or presses
them on is theirs as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.domain import masking
from gateway.domain.case.note import Note, NoteKind
from gateway.domain.case.picture import is_of_task
from gateway.domain.case.verbs import task_verbs
from gateway.domain.events import (
    REGISTRY,
    CaseConferred,
    CaseReopened,
    CaseReported,
    CaseSupervised,
    TaskNoted,
    TaskPictured,
)
from gateway.domain.ids import rfc3339
from gateway.domain.status import Status
from gateway.domain.task_status import GONE, UNIT_VERBS, TaskStatus
from gateway.domain.veil import Veil, is_hidden

_TASK = (
    *("task_id", "unit", "role", "status", "version", "dispatched_at", "signed_at", "responded_at", "arrived_at"),
    *("replied_at", "accepted_at", "due_at", "asked_until", "asked_pause"),
)
_TICKET = ("ticket_no", "status", "line", "created_at", "empty")
_DEMAND = ("type", "title", "content", "category", "urgency", "emergency", "complained_about")
_PLACE = ("address", "district", "street", "community", "grid_id", "lat", "lon", "crs")
_CONTACT = ("kind", "name", "phone", "callback_phone", "language", "accessibility")
_CLOCK = ("kind", "started_at", "due_at", "warn_at", "breached_at", "paused_at", "met_at", "stopped_at")
_RETURN = ("at", "rule", "upheld")
_OTHER = ("unit", "role", "status")
_FILE = ("attachment_id", "name", "media_type", "bytes")
_TOLD = ("reason", "until", "solved", "by_silence")
_TO_UNITS = frozenset({CaseConferred.TYPE, CaseReopened.TYPE, CaseReported.TYPE, CaseSupervised.TYPE})
"""Events whose note is for the units of the case: for those that the event names, where it names any."""
EVENTS: Final = _TO_UNITS | {kind for kind in REGISTRY if kind.startswith("task.") and kind != TaskNoted.TYPE}
"""Types of the events that ``whole`` looks at; notes are shown themselves."""


def task_of(record: Mapping[str, Any], task_id: str) -> Mapping[str, Any] | None:
    """The task of a record, or None."""
    return next((one for one in record["handling"]["units"] if one["task_id"] == task_id), None)


def brief(record: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    """A unit's task as its inbox shows it; ``record`` is unmasked. Takes time in proportion to its texts."""
    return _brief(record, masking.record(record), task)


def _brief(record: Mapping[str, Any], seen: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: task[key] for key in _TASK},
        "verbs": list(_possible(record, task)),
        "returns": [{key: one[key] for key in _RETURN} for one in task["returns"]],
        "clocks": [
            {key: clock[key] for key in _CLOCK}
            for clock in record["handling"]["clocks"]
            if clock["task_id"] == task["task_id"]
        ],
        "ticket": {key: seen[key] for key in _TICKET},
        "demand": {key: seen["demand"][key] for key in _DEMAND},
        "place": {key: seen["place"][key] for key in _PLACE},
    }


def _possible(record: Mapping[str, Any], task: Mapping[str, Any]) -> Iterable[str]:
    """What the unit can do now."""
    verbs = task_verbs(Status(record["status"]), TaskStatus(task["status"]), held=task["held"])
    return (verb.value for verb in verbs if verb in UNIT_VERBS)


def whole(
    record: Mapping[str, Any],
    task: Mapping[str, Any],
    *,
    events: Sequence[Mapping[str, Any]],
    notes: Iterable[Note],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """The same with everything that the task's page shows.

    ``events`` are those of ``EVENTS`` of the ticket, in order; ``names`` those of units by their codes.
    """
    seen = masking.record(record)
    gone = TaskStatus(task["status"]) in GONE
    veil = Veil(record)
    unit, asked = task["unit"], theirs(record, task)
    of_case = [one["data"] for one in events if one["type"] in _TO_UNITS]
    to_unit = {data.get("note_id") for data in of_case if unit in data.get("units", [unit])}
    own = [one for one in events if one["data"].get("task_id") == task["task_id"]]
    return {
        **_brief(record, seen, task),
        "contact": None if _is_untold(record, task) else {key: seen["requester"][key] for key in _CONTACT},
        "others": [
            {**{key: one[key] for key in _OTHER}, "name": names.get(one["unit"])}
            for one in record["handling"]["units"]
            if one["task_id"] != task["task_id"] and not gone
        ],
        "notes": [
            {
                "note_id": note.note_id,
                "kind": note.kind.value,
                "at": rfc3339(note.at),
                "unit": note.unit,
                "name": names.get(note.unit or ""),
                "text": veil.text(note.text),
            }
            for note in notes
            if note.task_id == task["task_id"] or (not gone and _is_for_all(note, to_unit))
        ],
        "history": [
            {"type": one["type"], "at": one["at"], **{key: one["data"].get(key) for key in _TOLD}}
            for one in own
            if one["type"].startswith("task.")
        ],
        "pictures": list(_pictures(seen, own)),
        "attachments": [
            {key: one[key] for key in _FILE} for one in seen["attachments"] if one["attachment_id"] in asked
        ],
    }


def _is_untold(record: Mapping[str, Any], task: Mapping[str, Any]) -> bool:
    """Whether the unit is not told who asks."""
    return TaskStatus(task["status"]) in GONE or is_hidden(record["requester"])


def _is_for_all(note: Note, to_unit: Collection[str | None]) -> bool:
    """Whether a note that is not of the unit's own task is for it; ``to_unit``: those that events name to it."""
    if note.task_id is None:
        return note.note_id in to_unit and note.kind is not NoteKind.REPLY
    return note.kind is NoteKind.TALK


def theirs(record: Mapping[str, Any], task: Mapping[str, Any]) -> frozenset[str]:
    """attachment_ids of the pictures that the requester sent and the unit may see."""
    if _is_untold(record, task):
        return frozenset()
    tasks = [one["task_id"] for one in record["handling"]["units"]]
    return frozenset(
        one["attachment_id"]
        for one in record["attachments"]
        if str(one["media_type"]).startswith("image/")
        and not any(is_of_task(one["attachment_id"], task_id) for task_id in tasks)
    )


def _pictures(seen: Mapping[str, Any], own: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """What the unit itself has shown."""
    files = {one["attachment_id"]: one for one in seen["attachments"]}
    for one in own:
        if one["type"] == TaskPictured.TYPE and (file := files.get(one["data"]["attachment_id"])):
            yield {**{key: file[key] for key in _FILE}, "at": one["at"], "shows": one["data"]["shows"]}
