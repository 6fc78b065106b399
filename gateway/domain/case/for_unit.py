"""What the people of a unit are shown of a ticket: their own task, and of the rest what the work needs.

Everything is picked by name out of the masked record, so that a field which is added to it is not shown here. Of who
asked to stay unknown neither name nor number is shown, nor of anybody once the unit has no more to do with the
ticket, which is told nothing then of what the others do; recordings, transcripts and messages are shown of nobody. A
talk that names its units is theirs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.domain import masking
from gateway.domain.case.note import Note, NoteKind
from gateway.domain.case.stage import WITHIN
from gateway.domain.events import TaskPictured
from gateway.domain.ids import rfc3339
from gateway.domain.status import Status
from gateway.domain.task_status import GONE, NEXT, UNIT_VERBS, TaskStatus, TaskVerb
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
    """What the unit can do now; a matter that it was asked first about it keeps."""
    if Status(record["status"]) in WITHIN:
        verbs = (verb for verb in NEXT[TaskStatus(task["status"])] if verb in UNIT_VERBS)
        yield from (verb.value for verb in verbs if not (task["held"] and verb is TaskVerb.RETURN))


def whole(
    record: Mapping[str, Any],
    task: Mapping[str, Any],
    *,
    events: Sequence[Mapping[str, Any]],
    notes: Iterable[Note],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """The same with everything that the task's page shows.

    ``events`` are those of the ticket, in order; ``names`` those of units by their codes.
    """
    seen = masking.record(record)
    gone = TaskStatus(task["status"]) in GONE
    untold = gone or is_hidden(record["requester"])
    veil = Veil(record)
    between_others = {
        one["data"].get("note_id") for one in events if task["unit"] not in one["data"].get("units", [task["unit"]])
    }
    own = [one for one in events if one["data"].get("task_id") == task["task_id"]]
    units = {one["task_id"]: one["unit"] for one in record["handling"]["units"]}
    return {
        **_brief(record, seen, task),
        "contact": None if untold else {key: seen["requester"][key] for key in _CONTACT},
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
                "unit": (unit := units.get(note.task_id or "")),
                "name": names.get(unit or ""),
                "text": veil.text(note.text),
            }
            for note in notes
            if note.task_id == task["task_id"]
            or (note.kind is NoteKind.TALK and note.note_id not in between_others and not gone)
        ],
        "history": [
            {"type": one["type"], "at": one["at"], **{key: one["data"].get(key) for key in _TOLD}}
            for one in own
            if one["type"].startswith("task.")
        ],
        "pictures": list(_pictures(seen, own)),
        "attachments": [] if untold else list(_from_requester(seen, events)),
    }


def _pictures(seen: Mapping[str, Any], own: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """What the unit itself has shown."""
    files = {one["attachment_id"]: one for one in seen["attachments"]}
    for one in own:
        if one["type"] == TaskPictured.TYPE and (file := files.get(one["data"]["attachment_id"])):
            yield {**{key: file[key] for key in _FILE}, "at": one["at"], "shows": one["data"]["shows"]}


def _from_requester(seen: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Pictures that the requester sent."""
    by_units = {one["data"]["attachment_id"] for one in events if one["type"] == TaskPictured.TYPE}
    for one in seen["attachments"]:
        if one["attachment_id"] not in by_units and str(one["media_type"]).startswith("image/"):
            yield {key: one[key] for key in _FILE}
