"""JSON schemas of what the API answers. Times are RFC 3339 UTC.

That of the record is made from ``fields.TABLE``, those of events from their classes.
"""

from __future__ import annotations

from gateway.domain.callback_work import AttemptResult
from gateway.domain.case.receivers import NoticeWay
from gateway.domain.events import REGISTRY
from gateway.domain.fields import TABLE, Kind
from gateway.domain.status import Status
from gateway.domain.words import CallbackState, ContactBy, EmergencyNumber, Line
from gateway.web.api.case_schemas import CASE_SCHEMAS
from gateway.web.api.event_schema import CHANGED, data_schema
from gateway.web.api.record_schema import Schema, object_schema
from gateway.web.api.schema_parts import (
    ANYTHING,
    FLAG,
    NFLAG,
    NNUMBER,
    NTEXT,
    NTIME,
    NUMBER,
    NWHOLE,
    TEXT,
    TIME,
    WHOLE,
)
from gateway.web.api.schema_parts import enum_of as _enum
from gateway.web.api.schema_parts import list_of as _list
from gateway.web.api.schema_parts import nullable as _nullable
from gateway.web.api.schema_parts import object_of as _object
from gateway.web.api.schema_parts import ref_to as _ref
from gateway.web.api.unit_schemas import UNIT_SCHEMAS
from gateway.web.form import Input

INTERACTION = object_schema(TABLE, "interactions")
TICKET = object_schema(TABLE)
TICKET["properties"]["interactions"]["items"] = _ref("Interaction")
EVENT_DATA = {f"{kind.__name__}Data": data_schema(kind, _ref("Changed")) for kind in REGISTRY.values()}
EVENT = _object(
    event_seq=WHOLE,
    event_id=TEXT,
    type={"enum": sorted(REGISTRY)},
    at=TIME,
    ticket_id=TEXT,
    ticket_no=TEXT,
    interaction_id=NTEXT,
    actor=TEXT,
    data={"type": "object", "properties": {"changed": _ref("Changed")}},
)
EVENT_OF_ITS_TYPE: Schema = EVENT | {
    "allOf": [
        {
            "if": {"properties": {"type": {"const": kind.TYPE}}},
            "then": {"properties": {"data": _ref(f"{kind.__name__}Data")}},
        }
        for kind in REGISTRY.values()
    ]
}
CALLBACK = _object(
    callback_id=TEXT,
    ticket_id=TEXT,
    ticket_no=TEXT,
    interaction_id=TEXT,
    phone=NTEXT,
    phone_sure=FLAG,
    tickets=_list(TEXT),
    how=_enum(ContactBy),
    line=_enum(Line),
    reason=TEXT,
    reasons=_list(TEXT),
    state=_enum(CallbackState),
    created_at=TIME,
    due_at=TIME,
    attempts=WHOLE,
    claimed_by=NTEXT,
    claimed_until=NTIME,
    last_attempt=_nullable(_object(at=TIME, by=TEXT, result=_enum(AttemptResult), note=NTEXT)),
    closed=_nullable(_object(at=TIME, by=TEXT, why=TEXT, note=NTEXT)),
    version=WHOLE,
)
REFUSED_CALL = _object(
    channel_id=TEXT,
    number=TEXT,
    phone=NTEXT,
    to_raw=TEXT,
    reason=TEXT,
    proved=FLAG,
    first_at=TIME,
    last_at=TIME,
    attempts=WHOLE,
)
DEAD_LETTER = _object(
    feed=TEXT,
    event_seq=WHOLE,
    event_id=TEXT,
    type=TEXT,
    ticket_id=TEXT,
    ticket_no=TEXT,
    attempts=WHOLE,
    last_error=NTEXT,
    dead_at=TIME,
)
HELD = _object(since=TIME, cause=TEXT, http_status=NWHOLE, why=TEXT, probes=WHOLE, probe_at=TIME, do=TEXT)
PROBLEM = _object(type=TEXT, title=TEXT, status=WHOLE, code=TEXT, detail=TEXT)
PROBLEM["properties"]["errors"] = _list(_object(path=TEXT, message=TEXT))
PROBLEM["properties"]["errors"]["items"]["properties"]["nearest"] = _object(code=TEXT, name=TEXT)

CHANNEL = _object(
    channel_id=TEXT,
    kind=TEXT,
    process=NTEXT,
    running=FLAG,
    ready=NFLAG,
    inbound=WHOLE,
    outbound=WHOLE,
    pending=WHOLE,
    last_inbound_at=NTIME,
    last_outbound_at=NTIME,
    error_rate=NNUMBER,
    token_ok=NFLAG,
    token_expires_at=NTIME,
    connected=NFLAG,
    refused={"type": "object", "additionalProperties": WHOLE},
    silent=FLAG,
)

SIMILAR = _object(
    ticket_id=TEXT,
    ticket_no=TEXT,
    score={"type": "number", "minimum": 0, "maximum": 1},
    title=NTEXT,
    status=_enum(Status),
    created_at=TIME,
    same_requester=FLAG,
    reporters=WHOLE,
)

SAME_REQUESTER = _object(
    ticket_id=TEXT,
    ticket_no=TEXT,
    created_at=TIME,
    channel=TEXT,
    status=_enum(Status),
    title=NTEXT,
    name=NTEXT,
    gender=NTEXT,
    org_name=NTEXT,
    uscc=NTEXT,
    language=NTEXT,
    accessibility=_list(TEXT),
    phone=NTEXT,
    callback_phone=NTEXT,
)

ACCEPTED = _object(ticket_id=TEXT, ticket_no=TEXT, interaction_id=NTEXT)
ACCEPTED["properties"]["emergency"] = {
    **_enum(EmergencyNumber),
    "description": "Only when danger to life is spoken of: the number that the person has to be told to call now.",
}
SCHEMAS: dict[str, Schema] = {
    "SameRequesterList": _object(items=_list(SAME_REQUESTER)),
    "SimilarList": _object(items=_list(SIMILAR), reporters=WHOLE, repeats=WHOLE, complete=FLAG),
    "Accepted": ACCEPTED,
    "ContactStatus": _object(
        source=_object(name=TEXT, event_id=TEXT),
        interaction_id=NTEXT,
        ticket_id=TEXT,
        ticket_no=TEXT,
        status=_enum(Status),
        created_at=TIME,
        updated_at=TIME,
        lead_unit=NTEXT,
        callback=_enum(CallbackState, null=True),
        replied_at=NTIME,
        public_reply=NTEXT,
        resolved=NFLAG,
        closed_at=NTIME,
    ),
    "Interaction": INTERACTION,
    "Ticket": TICKET,
    "TicketPage": _object(items=_list(_ref("Ticket")), next_cursor=NTEXT),
    "Changed": CHANGED,
    **EVENT_DATA,
    "Event": EVENT_OF_ITS_TYPE,
    "EventPage": _object(items=_list(_ref("Event")), next_after=NWHOLE),
    "ChannelList": _object(items=_list(CHANNEL)),
    "Callback": CALLBACK,
    "CallbackList": _object(items=_list(_ref("Callback"))),
    "RefusedCallList": _object(items=_list(REFUSED_CALL)),
    "NoticeList": _object(
        items=_list(
            _object(
                event_seq=WHOLE,
                unit=TEXT,
                way=_enum(NoticeWay),
                type=TEXT,
                clock_kind=NTEXT,
                task_id=NTEXT,
                urgent=FLAG,
                at=TIME,
                due_at=TIME,
                next_at=NTIME,
                sent_at=NTIME,
                dead_at=NTIME,
                attempts=WHOLE,
                error=NTEXT,
                address=NTEXT,
            )
        )
    ),
    "Taxonomy": _object(
        version=TEXT,
        items=_list(
            _object(
                code=TEXT,
                names=_list(TEXT),
                names_en=_list(TEXT),
                keywords=_list(TEXT),
                unit=TEXT,
                urgent=FLAG,
                danger=FLAG,
                plan_urgent=FLAG,
                reply_limits_s={"type": "object", "additionalProperties": WHOLE},
                leaf=FLAG,
                may_stay=FLAG,
                gbt39666=NTEXT,
                effective_from=NTEXT,
                effective_to=NTEXT,
            )
        ),
    ),
    "Fields": _object(
        version=TEXT,
        items=_list(
            _object(
                path=TEXT,
                kind=_enum(Kind),
                many=FLAG,
                zh=TEXT,
                en=TEXT,
                words=_list(_object(code=TEXT, zh=TEXT, en=TEXT)),
                form=_nullable(
                    _object(
                        place=WHOLE,
                        input=_enum(Input),
                        most=NWHOLE,
                        required=FLAG,
                        tel=FLAG,
                        offered=NTEXT,
                        catalogue={"enum": ["taxonomy", "units", "divisions", None]},
                    )
                ),
            )
        ),
    ),
    "Units": _object(version=TEXT, items=_list(_object(code=TEXT, name=TEXT, name_en=TEXT, kind=TEXT, parent=NTEXT))),
    **UNIT_SCHEMAS,
    "CaseUpdated": _object(
        ticket_id=TEXT,
        ticket_no=TEXT,
        status=_enum(Status),
        version=WHOLE,
        result={"enum": ["applied", "late", "repeated", "unchanged"]},
    ),
    "Divisions": _object(version=TEXT, items=_list(_object(code=TEXT, name=TEXT, level=TEXT, parent=TEXT))),
    "AuditPage": _object(
        items=_list(_object(viewer=TEXT, what=TEXT, ticket_id=NTEXT, at=TIME, detail=ANYTHING)), next_before=NTEXT
    ),
    "FeedList": _object(items=_list(_object(feed=TEXT, pending=WHOLE, dead=WHOLE, held=_nullable(HELD)))),
    "ReplayStarted": _object(feed=TEXT, events=WHOLE),
    "Released": _object(feed=TEXT, released=FLAG),
    "DeadLetterList": _object(items=_list(DEAD_LETTER)),
    "Replayed": _object(feed=TEXT, event_seq=WHOLE),
    "Session": _object(
        username=TEXT,
        name=TEXT,
        role=TEXT,
        unit=NTEXT,
        unit_name=NTEXT,
        must_change_password=FLAG,
        csrf_token=TEXT,
        timezone=TEXT,
        statuses=_list(_enum(Status)),
        withdrawable=_list(_enum(Status)),
        guesses=_object(fill_at=NUMBER, sure=NUMBER),
    ),
    "Health": _object(status=TEXT),
    "Readiness": _object(
        status=TEXT,
        parts={"type": "object", "additionalProperties": FLAG},
        degraded=_list(TEXT),
        alarms=_list(_object(name=TEXT, of=NTEXT, value={"type": "number"})),
    ),
    **CASE_SCHEMAS,
    "OpenApi": {"type": "object"},
    "Problem": PROBLEM,
}
