"""Lines that earlier versions spooled (before the record had commands): one ``Change`` a line, read as a command."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from gateway.domain.callback import NewCallback
from gateway.domain.events import (
    CallbackRequested,
    DemandTaken,
    EmergencyRaised,
    InteractionAnswered,
    InteractionEnded,
    LineChosen,
    SegmentHeard,
    TranscriptCompleted,
)
from gateway.domain.form import Form, Prefill, Requester
from gateway.domain.guess import Guess, Mention
from gateway.domain.interaction import FlowRun, Interaction, Recording
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import NewMessage, Queued, ThreadStep
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition
from gateway.domain.world import NewTicket
from gateway.intake.call.begin import AnswerCall, OfferCall
from gateway.intake.call.finish import EndCall
from gateway.intake.call.talk import ChooseLine, CompleteTranscript, HearSegment, RequestCallback, TakeDemand

_EMPTY, _PENDING = ("empty",), ("prefill", "pending")
_CLASSES: dict[str, Any] = {
    cls.__name__: cls for cls in (ExternalKey, Guess, Identity, Mention, NewCallback, NewMessage, NewSegment)
}
_CLASSES |= {"Queued": Queued, "Thread": ThreadStep}


def command_of(told: dict[str, Any]) -> Any:  # noqa: PLR0911 - one for each command
    """The command that a line's ``Change`` stands for; ``ValueError``, or what a missing or odd key raises."""
    change = _decoded(told)
    emergencies = tuple(e["data"]["number"] for e in change["events"] if e["type"] == EmergencyRaised.TYPE)
    first = change["events"][0]
    about = {"at": first["at"], "trace": change.get("trace")}
    if change["new_ticket"] is not None:
        return _offered(change, about)
    about |= {"ticket_id": change["ticket_id"], "interaction_id": change["interaction_id"]}
    fields, read = change["ticket_fields"], {"guesses": change["guesses"], "mentions": change["mentions"]}
    match first["type"], first["data"]:
        case InteractionAnswered.TYPE, data:
            return AnswerCall(**about, after_ms=data["after_ms"])
        case SegmentHeard.TYPE, data:
            heard = {"seq": data["seq"], "language": data["language"], "segments": change["segments"]}
            return HearSegment(**about, **heard, **read, empty=fields[_EMPTY], emergencies=emergencies)
        case LineChosen.TYPE, data:
            return ChooseLine(**about, line=data["line"])
        case DemandTaken.TYPE, _:
            text = change["messages"][0] if change["messages"] else None
            return TakeDemand(**about, text=text, thread=change["thread"])
        case CallbackRequested.TYPE, _:
            return RequestCallback(**about, callback=change["callback"])
        case InteractionEnded.TYPE, _:
            return _ended(change, about)
        case TranscriptCompleted.TYPE, data:
            return CompleteTranscript(
                **about,
                **read,
                heard=data["segments"],
                segments=change["segments"],
                empty=fields.get(_EMPTY),
                not_understood=data.get("not_understood"),
                emergencies=emergencies,
            )
        case _:
            raise ValueError(f"no command stands for {first['type']}")


def _offered(change: dict[str, Any], about: dict[str, Any]) -> OfferCall:
    new, call = change["new_ticket"], change["new_interaction"]
    requester = new["requester"]
    fields = call["fields"]
    names = ["interaction_id", "channel", "channel_id", "direction", "started_at", "external_id", "from_raw", "to_raw"]
    names += ("asserted_identity", "diversion", "node", "owner", "lease_until")
    return OfferCall(
        **about,
        key=change["dedupe"],
        ticket=NewTicket(
            **{name: new[name] for name in ("ticket_id", "created_at", "line", "channel", "channel_id", "empty")},
            requester_id=call["interaction_id"],  # not the ticket's: that is whose it is once its requester hides
            people=requester["identities"],
            form=Form(
                entry_number=new["entry_number"],
                requester=Requester(**{key: value for key, value in requester["fields"].items() if value is not None}),
                prefill=Prefill(pending=bool(new["fields"].get(_PENDING))),
            ),
        ),
        interaction=Interaction(
            **{name: call[name] for name in names},
            flow=FlowRun(**fields["flow"]) if fields.get("flow") else None,
            recording_path=fields.get("recording_path"),
        ),
    )


def _ended(change: dict[str, Any], about: dict[str, Any]) -> EndCall:
    fields, data = change["interaction_fields"], change["events"][0]["data"]
    recording = fields.get("recording")
    return EndCall(
        **about,
        owner=change["owner"],
        disposition=Disposition(fields["disposition"]),
        segments=change["segments"],
        empty=change["ticket_fields"][_EMPTY],
        dtmf=tuple(fields.get("dtmf") or ()),
        recording=Recording(**recording) if recording else None,
        media=data.get("media"),
        callback=change["callback"],
        lease_until=change["lease_until"],
    )


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        return _object(value["class"], {name: _decoded(inner) for name, inner in value["fields"].items()})
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    if "tuple" in value:
        return tuple(_decoded(one) for one in value["tuple"])
    return {_decoded(key): _decoded(inner) for key, inner in value["map"]}


def _object(name: str, fields: dict[str, Any]) -> Any:
    known = _CLASSES.get(name)
    if known is None:
        return fields
    names = {one.name for one in dataclasses.fields(known)}  # lines of an even earlier version may hold others
    return known(**{name: inner for name, inner in fields.items() if name in names})
