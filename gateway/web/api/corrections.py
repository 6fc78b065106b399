"""Corrections by people: a merge of a closed set of fields, under the version that was read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from gateway.domain.fields import TABLE, By, Kind
from gateway.domain.form import Filled, Mentioned
from gateway.domain.limits import CORRECTION_BYTES
from gateway.domain.phone_numbers import CITY, to_dial
from gateway.intake.ticket.at_desk import REVEALED, confirming
from gateway.intake.ticket.correct import CorrectTicket
from gateway.web.api.models import ConfirmBody, Seen, TicketPatch, UnmaskedQuery
from gateway.web.api.rewording import Rewording, edited, moved_evidence, still_known
from gateway.web.api.secrecy import check_kept
from gateway.web.api.seen_fields import check_seen, corrected
from gateway.web.api.tickets import asks_unmasked, read, ticket_response
from gateway.web.auth import WRITE
from gateway.web.nearest import nearest
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

_VERSION = re.compile(r'^(?:W/)?"?(\d{1,15})"?$')
_FIELDS = {row.path: row for row in TABLE.settable(By.PERSON)}
"""What is corrected as a whole."""
_ANONYMOUS = "requester.anonymous"
_MAY_UNSEAL = frozenset({"supervisor", "admin"})


def expected_version(request: web.Request) -> int:
    """The version that ``If-Match`` names; 428 without one (RFC 6585), 400 when it is no version."""
    header = request.headers.get("If-Match")
    if header is None:
        raise Problem(428, "if_match_missing", "Send If-Match with the version that you read (its ETag).")
    found = _VERSION.match(header.strip())
    if found is None:
        raise Problem(400, "invalid_if_match", 'If-Match holds one version, e.g. "3".')
    return int(found.group(1))


async def patch(context: Context) -> web.Response:
    """Correct fields; 412 when somebody else was faster, 409 when one of them is not as it was seen."""
    body = await context.body(TicketPatch, CORRECTION_BYTES)
    version = _version(context, body.seen)
    return await corrected(lambda: _patch(context, body, version))


async def _patch(context: Context, body: TicketPatch, version: int | None) -> web.Response:
    record = await _read_at(context, version)
    sees = context.principal.sees_all or asks_unmasked(context)
    sent = dict(_corrected(body))
    if body.seen is not None:
        await check_seen(context, record, body.seen, sent)
    check_kept(record, sent)
    await _unseal(context, record, sent)
    await _check_codes(context, record, sent)
    if sent.get("demand.category") is not None:
        sent["demand.category"] = _named(context, sent["demand.category"])
    actor = context.principal.actor
    # Texts are compared letter by letter with what was shown masked: long ones take seconds.
    edit = await asyncio.to_thread(_edit, record, sent, body, actor=actor, sees=sees)
    names = sorted(sent) + [f"interactions.transcript.{seq}" for seq in sorted(edit.segments)]
    if not names:
        raise Problem(422, "nothing_to_correct", "The body names no field to correct.")
    await context.services.store.execute(_correction(context, record, edit, names))
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


def _version(context: Context, seen: Seen | None) -> int | None:
    """The version that ``If-Match`` names; who says what was ``seen`` need name none."""
    if seen is not None and "If-Match" not in context.request.headers:
        return None
    return expected_version(context.request)


async def _read_at(context: Context, version: int | None) -> dict[str, Any]:
    """The ticket that the path names; 412 when it is not at ``version``."""
    record = await read(context)
    if version is not None and record["version"] != version:
        raise Problem(412, "stale_version", "Somebody has changed this ticket since you read it; read it again.")
    return record


class _Edit(NamedTuple):
    """What a correction comes to."""

    fields: dict[tuple[str, ...], Any]
    interaction_id: str | None
    segments: dict[int, str]


def _edit(record: Mapping[str, Any], sent: Mapping[str, Any], body: TicketPatch, *, actor: str, sees: bool) -> _Edit:
    """What was ``sent`` by record path, with what its masks hide put back, its evidence, and what stays hidden.

    422 when somebody who does not see everything (``sees``) would see more of it afterwards.
    """
    rewording = Rewording(record)
    values = {path: rewording.value(path, value) for path, value in sent.items()}
    fields: dict[tuple[str, ...], Any] = {}
    if "demand.content" in values:
        fields |= moved_evidence(record, values["demand.content"])
    fields |= {tuple(path.split(".")): value for path, value in values.items()}
    for path, value in values.items():
        if "." in path:
            compare = sees or not rewording.tells(path, sent[path])
            fields["prefill", "fields", path] = _confirmed(record, path, value, actor, compare=compare)
    interaction_id, segments = _segments(body, record, rewording)
    after = edited(record, fields, interaction_id, segments)
    if known := still_known(record, after):
        fields["prefill", "mentions"] = [*after["prefill"]["mentions"], *known]
        after = edited(record, fields, interaction_id, segments)
    if not sees:
        rewording.check(after, interaction_id)
    return _Edit(fields, interaction_id, segments)


def _corrected(body: TicketPatch) -> Iterator[tuple[str, Any]]:
    """(record path, value) of everything that the body names.

    The parts of an object that no code names are fields of their own: a name that was heard does not confirm a number
    that was not. Null clears all of them; a section that is null names none.
    """
    sent = body.model_dump(mode="json", exclude_unset=True, exclude={"interactions", "seen"})
    return ((path, _allowed(path, value)) for path, value in _named_in(sent, ""))


def _named_in(sent: Mapping[str, Any], within: str) -> Iterator[tuple[str, Any]]:
    for key in sorted(sent):
        path, value = f"{within}{key}", sent[key]
        if path in _FIELDS:
            yield path, _whole(path, value)
        elif value is not None:
            yield from _named_in(value, f"{path}.")
        elif within:
            yield from ((row.path, None) for row in TABLE.within(path))


def _whole(path: str, value: Any) -> Any:
    """An object that a code names, with null for each of its parts that was not sent."""
    coded = _FIELDS[path].code is not None and value is not None
    return {key: value.get(key) for key in TABLE.names(path)} if coded else value


def _allowed(path: str, value: Any) -> Any:
    row = _FIELDS[path]
    if value is None and row.kind is Kind.WORD and not row.null:
        raise Problem(422, "invalid_body", f"{path}: cannot be cleared")
    if row.kind is Kind.PHONE and value is not None:
        number = to_dial(value, CITY)
        if number is None:
            raise Problem(422, "invalid_body", f"{path}: this is no telephone number that can be dialled")
        return number
    return value


async def _unseal(context: Context, record: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """403 when these fields name who was anonymous, unless for a supervisor: who did it is written down first."""
    if not record["requester"]["anonymous"] or fields.get(_ANONYMOUS, True):
        return
    if not context.principal.sees_all and context.principal.role not in _MAY_UNSEAL:
        raise Problem(403, "stays_anonymous", "Only a supervisor may take back that a requester stays anonymous.")
    await context.house.audit(context.principal, "unseal", record["ticket_id"])


def _confirmed(record: Mapping[str, Any], path: str, value: Any, actor: str, *, compare: bool) -> dict[str, Any]:
    """The entry of ``prefill.fields`` after ``actor`` has spoken: the guess if they agree with it, else theirs.

    Without ``compare`` it is theirs: whether it stayed would tell who does not see the guess that they guessed right.
    """
    guess = record["prefill"]["fields"].get(path)
    code = TABLE.coded(path, value)
    if compare and guess is not None and guess["value"] == code:
        return {**guess, "confirmed_by": actor}
    return {"value": code, "source": "agent", "span": None, "confidence": 1.0, "confirmed_by": actor}


async def _check_codes(context: Context, record: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    """422 that names the nearest for a category or unit that the city's tables do not hold.

    A code that the ticket has already may stay: other systems bring codes of their own. Without a table any is taken.
    """
    catalogue = context.services.catalogue
    handling, units = record["handling"], context.services.unit_names
    for path, names, held in (
        ("demand.category", catalogue.category_names, record["demand"]["category"]["code"]),
        ("handling.lead_unit", units, handling["lead_unit"]),
        ("handling.first_asked", units, handling["first_asked"]),
    ):
        code = TABLE.coded(path, sent.get(path))
        if code is None or not names or code in names or code == held:
            continue
        meant = await asyncio.to_thread(nearest, code, names)
        where = f"{path}.code" if isinstance(sent[path], dict) else path
        message = f"there is no such code; the nearest is {meant} {names[str(meant)]}"
        error = {"path": where, "message": message, "nearest": {"code": meant, "name": names[str(meant)]}}
        raise Problem(422, "unknown_code", f"{where}: {message}", errors=[error])


def _named(context: Context, category: dict[str, Any]) -> dict[str, Any]:
    """A category of the taxonomy with its names and version, also when only its code was sent."""
    services = context.services
    known = services.catalogue.recorded(category["code"], services.clock.now().astimezone(services.zone).date())
    return category if known is None else known


def _segments(body: TicketPatch, record: Mapping[str, Any], rewording: Rewording) -> tuple[str | None, dict[int, str]]:
    if not body.interactions:
        return None, {}
    asked = body.interactions[0]
    for interaction in record["interactions"]:
        if interaction["interaction_id"] == asked.interaction_id:
            known = {segment["seq"]: segment for segment in interaction["transcript"]}
            unknown = sorted({segment.seq for segment in asked.transcript} - set(known))
            if unknown:
                raise Problem(422, "invalid_body", f"interactions.0.transcript: no segment {unknown[0]}")
            return asked.interaction_id, {
                one.seq: rewording.words(one.corrected_text, known[one.seq], asked.interaction_id)
                for one in asked.transcript
            }
    raise Problem(422, "invalid_body", "interactions.0.interaction_id: not an interaction of this ticket")


def _correction(context: Context, record: Mapping[str, Any], edit: _Edit, names: list[str]) -> CorrectTicket:
    prefill = [path for path in edit.fields if path[0] == "prefill"]
    mentions = edit.fields.get(("prefill", "mentions"))
    return CorrectTicket(
        at=context.services.clock.now(),
        actor=context.principal.actor,
        ticket_id=record["ticket_id"],
        version=record["version"],
        values={".".join(path): value for path, value in edit.fields.items() if path[0] != "prefill"},
        entries={path[2]: Filled(**edit.fields[path]) for path in prefill if path[1] == "fields"},
        mentions=tuple(Mentioned(**one) for one in mentions) if mentions is not None else None,
        interaction_id=edit.interaction_id,
        words=edit.segments,
        told=tuple(names),
    )


async def act(context: Context) -> web.Response:
    """Do what the path's verb says."""
    action = ACTIONS.get(context.request.match_info["verb"])
    if action is None:
        raise Problem(404, "unknown_action", f"There are these actions: {', '.join(sorted(ACTIONS))}.")
    return await action(context)


async def confirm(context: Context) -> web.Response:
    """Pre-filled values are right as they are."""
    body = await context.body(ConfirmBody)
    version = _version(context, body.seen)
    return await corrected(lambda: _confirm(context, body, version))


async def _confirm(context: Context, body: ConfirmBody, version: int | None) -> web.Response:
    record = await _read_at(context, version)
    command = confirming(record, body.paths, at=context.services.clock.now(), actor=context.principal.actor)
    if body.seen is not None:
        await check_seen(context, record, body.seen, command.entries)
    await context.services.store.execute(command)
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


async def reveal(context: Context) -> web.Response:
    """Name and numbers unmasked, for people at the desk; who looked is written down first."""
    if not context.principal.at_desk:
        raise Problem(403, "desk_only", "Only people at the desk may see unmasked values.")
    record = await read(context)
    await context.house.audit(context.principal, "reveal", record["ticket_id"])
    return json_response({key: record["requester"].get(key) for key in REVEALED})


ACTIONS = {"confirm": confirm, "reveal": reveal}
ROUTES = (
    Route(
        method="PATCH",
        path="/api/v1/tickets/{ticket}",
        handler=patch,
        summary="Correct fields (JSON merge); If-Match names the version that was read",
        scope=WRITE,
        query=UnmaskedQuery,
        body=TicketPatch,
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503),
        headers=(("If-Match", 'The version that was read, e.g. "3"; not needed with `seen`.'),),
    ),
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/{verb}",
        handler=act,
        summary="confirm: pre-filled fields are right (If-Match); reveal: name and numbers unmasked, audited (no body)",
        scope=WRITE,
        query=UnmaskedQuery,
        body=ConfirmBody,
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503),
        headers=(("If-Match", "For confirm: the version that was read; not needed with `seen`."),),
    ),
)
