"""``GET …/case``: a case as people see it, with the words of its codes and what can be done with it now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from aiohttp import web

from gateway.casework.dispatcher import Suggestion, shown_steps
from gateway.domain.case.clock import TICK
from gateway.domain.case.clock_codes import clock_of
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch import DispatchReason, DispatchStage
from gateway.domain.case.owner_time import own_times
from gateway.domain.case.policy import NO_SCRIPTS, ClockKind, Script, Scripts
from gateway.domain.case.replies import is_unreachable
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.case.verbs import OFFERED, CaseStanding, CaseVerb, at_work, judged_since
from gateway.domain.form import Routing
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskStatus, TaskVerb
from gateway.domain.words import Term
from gateway.ports.store import Record
from gateway.web.api.case_bodies import CASE_BODIES, TASK_BODIES
from gateway.web.api.case_models import SuggestionQuery
from gateway.web.api.tickets import find, read
from gateway.web.auth import READ
from gateway.web.masked import encoded
from gateway.web.routing import Context, Route, json_response
from gateway.web.services import CaseServices

_CLOCK = ("due_at", "warn_at", "breached_at", "paused_at", "met_at", "stopped_at", "calendar", "unsure")
_TASK = ("task_id", "version", "due_at", "asked_until", "asked_pause")
Words = dict[str, str]


async def get_case(context: Context) -> web.Response:
    """The ticket's tasks and clocks, why it went where it went, and what can be done."""
    record = await read(context)
    dispatcher, zone, now = context.cases.dispatcher, context.services.zone, context.services.clock.now()

    def shown(told: Record) -> bytes:
        return encoded(case(told, dispatcher.directory, dispatcher.rules, zone, now))

    body = await context.house.masked.told(record, context.principal, shown)
    return web.Response(body=body, content_type="application/json")


async def suggestion(context: Context) -> web.Response:
    """Who must act by the tables in force, and why."""
    query = context.query(SuggestionQuery)
    record = await find(context, query.ticket)
    return json_response(suggested(context.cases, context.cases.dispatcher.suggest(record, query.crossing)))


def standing_of(record: Record, zone: tzinfo) -> CaseStanding:
    """How the case of ``record`` stands; ``zone``: the city's."""
    outcome, handling = record["outcome"], record["handling"]
    reply = handling["replies"][-1] if handling["replies"] else None
    judged = [one["reply_id"] for one in outcome["evaluations"]]
    clocks = ((one["kind"], one["started_at"], one["met_at"], one["stopped_at"]) for one in handling["clocks"])
    judging = judged_since(clocks)
    return CaseStanding(
        status=Status(record["status"]),
        empty=record["empty"],
        demand_type=record["demand"]["type"],
        replied=outcome["replied_at"] is not None,
        rated=outcome["evaluation"]["satisfied"] is not None if reply is None else reply["reply_id"] in judged,
        unreachable=reply is not None and is_unreachable(reply["called_at"], reply["uncallable_at"], zone),
        declined=reply is not None and reply["declined_at"] is not None,
        judging=judging is not None,
        supervised=judging is not None and (handling["supervised_at"] or "") >= judging,
        at_work=at_work((one["unit"], one["status"]) for one in handling["units"]),
    )


def case(record: Record, directory: Directory, rules: CaseRules, zone: tzinfo, now: datetime) -> dict[str, Any]:
    """What ``get_case`` answers, of a record as its viewer may see it."""
    handling, standing = record["handling"], standing_of(record, zone)
    times = {key: time // TICK for key, time in own_times(map(clock_of, handling["clocks"]), now, rules).items()}
    return {
        "ticket_id": record["ticket_id"],
        "version": record["version"],
        "status": record["status"],
        "undecided_since": handling["undecided_since"],
        "reopened": handling["reopened"],
        "reassigned": handling["reassigned"],
        "centre_time_ms": times.get(None, 0),
        "possible": [_action(verb, CASE_BODIES, rules.policy.scripts) for verb in standing.possible()],
        "tasks": [
            {
                **{key: one[key] for key in _TASK},
                "unit": named(directory, one["unit"]),
                "role": word_of(Role(one["role"])),
                "status": word_of(TaskStatus(one["status"])),
                "own_time_ms": times.get(one["task_id"], 0),
                "returns": [_return(each) for each in one["returns"]],
                "possible": [
                    _action(verb, TASK_BODIES)
                    for verb in standing.task_verbs(
                        TaskStatus(one["status"]),
                        asked=bool(one["asked_until"] or one["asked_pause"]),
                        held=one["held"],
                    )
                ],
            }
            for one in handling["units"]
        ],
        "clocks": [
            {
                **{key: one[key] for key in _CLOCK},
                "clock_id": one["clock_id"],
                "task_id": one["task_id"],
                "kind": word_of(ClockKind(one["kind"])),
                "unit": None if one["unit"] is None else named(directory, one["unit"]),
            }
            for one in handling["clocks"]
        ],
        "trace": [_step(step, directory) for step in handling["routing_trace"]],
    }


def suggested(cases: CaseServices, found: Suggestion) -> dict[str, Any]:
    """A suggestion with the words of its codes."""
    directory, decision = cases.dispatcher.directory, found.decision
    return {
        "lead": None if decision.lead is None else named(directory, decision.lead),
        "joint": [named(directory, code) for code in decision.joint],
        "candidates": [named(directory, code) for code in decision.candidates],
        "held": decision.held,
        "stage": decision.stage,
        "confidence": found.confidence,
        "automatic_above": cases.dispatcher.automatic_above,
        "directory": found.directory,
        "table": found.table,
        "policy": found.policy,
        "trace": [_step(_fields(step), directory) for step in shown_steps(decision)],
    }


def _fields(step: Routing) -> dict[str, Any]:
    return {name: getattr(step, name) for name in ("stage", "rule", "reason", "units", "rows")}


def _step(step: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    return {
        "stage": _word(step["stage"], DispatchStage),
        "rule": _word(step["rule"], DispatchReason, OFFERED[CaseVerb.DISPATCH]),
        "units": [named(directory, code) for code in step["units"]],
        "rows": step["rows"],
        "reason": step["reason"],
    }


def _word(code: str | None, *vocabularies: type[Term]) -> Words:
    """The word of this code; one that a city has of its own is called by its code."""
    for words in vocabularies:
        if code in set(words):
            return word_of(words(code))
    return {"code": code or "", "zh": code or "", "en": code or ""}


def _return(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: given[key] for key in ("at", "upheld", "reviewed_at", "reviewed_by")},
        "rule": _word(given["rule"], OFFERED[TaskVerb.RETURN]),
    }


def _action(verb: CaseVerb | TaskVerb, bodies: Mapping[Any, Any], scripts: Scripts = NO_SCRIPTS) -> dict[str, Any]:
    fields = bodies[verb].model_fields
    told = scripts if verb is CaseVerb.INFORM else NO_SCRIPTS
    return {
        "verb": verb.value,
        "zh": verb.zh,
        "en": verb.en,
        "fields": [{"name": name, "required": field.is_required()} for name, field in fields.items()],
        "reasons": [word_of(one) | {"script": _script(told.get(one))} for one in OFFERED.get(verb, ())],
    }


def _script(script: Script | None) -> dict[str, str] | None:
    return None if script is None else {"zh": script.zh, "en": script.en}


def named(directory: Directory, code: str | None) -> Words:
    """A unit with its names; one that the directory does not know any more is called by its code."""
    unit = directory.units.get(code or "")
    if unit is None:
        return {"code": code or "", "zh": code or "", "en": code or ""}
    return {"code": unit.code, "zh": unit.name_zh, "en": unit.name_en or unit.name_zh}


def word_of(word: Term) -> Words:
    """A word of a closed vocabulary with its names."""
    return {"code": word.value, "zh": word.zh, "en": word.en}


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/case",
        handler=get_case,
        summary="Tasks, time limits, why these units, and what can be done now, with names in both languages",
        scope=READ,
        returns="Case",
        errors=(401, 403, 404, 429, 503),
        tag="cases",
    ),
    Route(
        method="GET",
        path="/api/v1/dispatch/suggestion",
        handler=suggestion,
        summary="The unit that must act by the tables in force, and why; nothing is done",
        scope=READ,
        query=SuggestionQuery,
        returns="Suggestion",
        errors=(400, 401, 403, 404, 429, 503),
        tag="cases",
    ),
)
