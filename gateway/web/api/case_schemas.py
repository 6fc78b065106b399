"""Schemas of what the API answers about cases."""

from __future__ import annotations

from gateway.domain.case.dispatch import DispatchStage
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskStatus, TaskVerb
from gateway.web.api.record_schema import Schema
from gateway.web.api.schema_parts import (
    FLAG,
    NNUMBER,
    NTEXT,
    NTIME,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    enum_of,
    list_of,
    nullable,
    object_of,
    ref_to,
)

_WORD = object_of(code=TEXT, zh=TEXT, en=TEXT)
_UNIT = object_of(code=TEXT, zh=TEXT, en=TEXT)
_REASON = object_of(code=TEXT, zh=TEXT, en=TEXT, script=nullable(object_of(zh=TEXT, en=TEXT)))
_VERB = object_of(
    verb={"enum": list(dict.fromkeys(verb.value for verb in (*CaseVerb, *TaskVerb)))},
    zh=TEXT,
    en=TEXT,
    fields=list_of(object_of(name=TEXT, required=FLAG)),
    reasons=list_of(_REASON),
)
_STEP = object_of(stage=_WORD, rule=_WORD, units=list_of(_UNIT), rows=list_of(WHOLE), reason=NTEXT)
_CLOCK = object_of(
    clock_id=TEXT,
    kind=_WORD,
    task_id=NTEXT,
    unit=nullable(_UNIT),
    due_at=TIME,
    warn_at=NTIME,
    breached_at=NTIME,
    paused_at=NTIME,
    met_at=NTIME,
    stopped_at=NTIME,
    calendar=TEXT,
    unsure=FLAG,
)
_TASK = object_of(
    task_id=TEXT,
    unit=_UNIT,
    role=_WORD,
    status=_WORD,
    version=WHOLE,
    due_at=NTIME,
    asked_until=NTIME,
    asked_pause=NTEXT,
    own_time_ms=WHOLE,
    returns=list_of(object_of(at=TIME, rule=_WORD, upheld=FLAG, reviewed_at=NTIME, reviewed_by=NTEXT)),
    possible=list_of(ref_to("CaseAction")),
)
SUGGESTION = object_of(
    lead=nullable(_UNIT),
    joint=list_of(_UNIT),
    candidates=list_of(_UNIT),
    held=FLAG,
    stage=enum_of(DispatchStage),
    confidence=NUMBER,
    automatic_above=NNUMBER,
    directory=TEXT,
    table=TEXT,
    policy=TEXT,
    trace=list_of(ref_to("DispatchStep")),
)
_TICKET = object_of(ticket_id=TEXT, ticket_no=TEXT, status=enum_of(Status), created_at=TIME, title=NTEXT)
CASE_SCHEMAS: dict[str, Schema] = {
    "CaseAction": _VERB,
    "DispatchStep": _STEP,
    "Suggestion": SUGGESTION,
    "Case": object_of(
        ticket_id=TEXT,
        version=WHOLE,
        status=enum_of(Status),
        undecided_since=NTIME,
        reopened=WHOLE,
        reassigned=WHOLE,
        centre_time_ms=WHOLE,
        possible=list_of(ref_to("CaseAction")),
        tasks=list_of(_TASK),
        clocks=list_of(_CLOCK),
        trace=list_of(ref_to("DispatchStep")),
    ),
    "TaskPage": object_of(
        items=list_of(
            object_of(
                task_id=TEXT,
                unit=TEXT,
                role=enum_of(Role),
                status=enum_of(TaskStatus),
                version=WHOLE,
                dispatched_at=NTIME,
                due_at=NTIME,
                ticket=_TICKET,
            )
        ),
        next_cursor=NTEXT,
    ),
    "NoteList": object_of(
        items=list_of(object_of(note_id=TEXT, task_id=NTEXT, kind=_WORD, author=TEXT, at=TIME, text=TEXT))
    ),
    "WaitingPage": object_of(
        items=list_of(
            object_of(clock_id=TEXT, kind=_WORD, task_id=NTEXT, due_at=TIME, overdue_since=NTIME, ticket=_TICKET)
        ),
        next_cursor=NTEXT,
    ),
    "OverduePage": object_of(
        items=list_of(
            object_of(
                clock_id=TEXT,
                kind=_WORD,
                task_id=NTEXT,
                unit=NTEXT,
                due_at=TIME,
                overdue_since=TIME,
                supervised=WHOLE,
                supervised_at=NTIME,
                ticket=_TICKET,
            )
        ),
        total=WHOLE,
        next_cursor=NTEXT,
    ),
}
