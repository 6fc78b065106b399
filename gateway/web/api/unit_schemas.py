"""Schemas of what units are answered."""

from __future__ import annotations

from gateway.domain.case.note import NoteKind
from gateway.domain.case.picture import Shows
from gateway.domain.status import Status
from gateway.domain.task_status import UNIT_VERBS, Role, TaskStatus
from gateway.domain.words import EmergencyNumber, Line
from gateway.web.api.record_schema import Schema
from gateway.web.api.schema_parts import (
    FLAG,
    NFLAG,
    NNUMBER,
    NTEXT,
    NTIME,
    NWHOLE,
    TEXT,
    TIME,
    WHOLE,
    enum_of,
    list_of,
    nullable,
    object_of,
)

_DIVISION = object_of(code=NTEXT, name=NTEXT)
_UNIT_FILE = {"attachment_id": TEXT, "name": NTEXT, "media_type": NTEXT, "bytes": NWHOLE}
_BRIEF: dict[str, Schema] = {
    "task_id": TEXT,
    "unit": NTEXT,
    "role": enum_of(Role),
    "status": enum_of(TaskStatus),
    "version": WHOLE,
    "dispatched_at": NTIME,
    "signed_at": NTIME,
    "responded_at": NTIME,
    "arrived_at": NTIME,
    "replied_at": NTIME,
    "accepted_at": NTIME,
    "due_at": NTIME,
    "asked_until": NTIME,
    "asked_pause": NTEXT,
    "verbs": list_of({"enum": sorted(UNIT_VERBS)}),
    "returns": list_of(object_of(at=TIME, rule=NTEXT, upheld=FLAG)),
    "clocks": list_of(
        object_of(
            kind=TEXT,
            started_at=NTIME,
            due_at=NTIME,
            warn_at=NTIME,
            breached_at=NTIME,
            paused_at=NTIME,
            met_at=NTIME,
            stopped_at=NTIME,
        )
    ),
    "ticket": object_of(ticket_no=TEXT, status=enum_of(Status), line=enum_of(Line), created_at=TIME, empty=FLAG),
    "demand": object_of(
        type=NTEXT,
        title=NTEXT,
        content=NTEXT,
        category=object_of(code=NTEXT, l1=NTEXT, l2=NTEXT, l3=NTEXT, l4=NTEXT, taxonomy_version=NTEXT),
        urgency=object_of(level=NTEXT, reason=NTEXT),
        emergency=enum_of(EmergencyNumber, null=True),
        complained_about=object_of(name=NTEXT, phone=NTEXT),
    ),
    "place": object_of(
        address=NTEXT,
        district=_DIVISION,
        street=_DIVISION,
        community=_DIVISION,
        grid_id=NTEXT,
        lat=NNUMBER,
        lon=NNUMBER,
        crs=NTEXT,
    ),
}
_TASK = object_of(
    **_BRIEF,
    contact=nullable(
        object_of(kind=TEXT, name=NTEXT, phone=NTEXT, callback_phone=NTEXT, language=NTEXT, accessibility=list_of(TEXT))
    ),
    others=list_of(object_of(unit=NTEXT, name=NTEXT, role=enum_of(Role), status=enum_of(TaskStatus))),
    notes=list_of(object_of(note_id=TEXT, kind=enum_of(NoteKind), at=TIME, unit=NTEXT, name=NTEXT, text=NTEXT)),
    history=list_of(object_of(type=TEXT, at=TIME, reason=NTEXT, until=NTEXT, solved=NFLAG, by_silence=NFLAG)),
    pictures=list_of(object_of(**_UNIT_FILE, at=TIME, shows=enum_of(Shows))),
    attachments=list_of(object_of(**_UNIT_FILE)),
)
UNIT_SCHEMAS: dict[str, Schema] = {
    "UnitTask": _TASK,
    "UnitTaskPage": object_of(items=list_of(object_of(**_BRIEF)), next_cursor=NTEXT),
}
