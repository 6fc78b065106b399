"""``gateway tickets``: what is done about a case, beside a running gateway or without one (docs/case.md)."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.cli.stored import operator
from gateway.domain.case.dispatch import DispatchReason, DispatchStage
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import parse_ticket_no, spelled_no
from gateway.domain.task_status import TaskVerb
from gateway.domain.words import Term
from gateway.edge.system_clock import SystemClock
from gateway.errors import RejectedInput
from gateway.settings import Settings

if TYPE_CHECKING:
    from pydantic import BaseModel

    from gateway.domain.command import Command
    from gateway.ports.store import Record
    from gateway.storage.database import Database

_DESK_VERBS = ("confirm", "reveal", "merge", "unmerge", "same_requester", "lift-secrecy")
"""What the API offers at a ticket beside its case."""
TICKET_VERBS = (*CaseVerb, *_DESK_VERBS)
_VERBS = tuple(dict.fromkeys((*TICKET_VERBS, *TaskVerb)))


def add_parser(verbs: Any) -> None:
    """``gateway tickets action ID VERB``."""
    tickets = verbs.add_parser("tickets", help="act on a ticket or a unit's task / 办理工单")
    actions = tickets.add_subparsers(dest="action", required=True, metavar="ACTION")
    act = actions.add_parser("action", help="the verbs of the API, with its bodies / 执行一个动作")
    act.add_argument("ticket", metavar="ID", help="ticket_id or ticket number")
    act.add_argument("do", choices=_VERBS, metavar="VERB", help=", ".join(_VERBS))
    act.add_argument("--task", metavar="ID", help="a unit's task: then the verb is about that")
    act.add_argument("--data", default="{}", metavar="JSON", help='the body, e.g. {"reason": "weather"}')


async def run(args: argparse.Namespace, db: Database, settings: Settings) -> int:
    """Do it, and print what the ticket has become, or what was revealed. The errors are those of the API."""
    from gateway.bootstrap.cases import acting  # noqa: PLC0415 - the verb's name is told without SQL
    from gateway.bootstrap.tables import adopt_tables, tables_in_force  # noqa: PLC0415 - as above
    from gateway.web.catalogue import Catalogue  # noqa: PLC0415 - as above

    clock = SystemClock()
    await adopt_tables(settings, db, clock)
    tables = tables_in_force(settings, db)
    await tables.refresh()
    doing = acting(settings, tables, Catalogue.read(settings.config_dir), clock)
    record = await db.reader.ticket(parse_ticket_no(args.ticket) or args.ticket.upper())
    said = _said(args)
    if args.do == "reveal":
        return await _reveal(record, db, clock)
    command: Command
    if args.task is not None:
        command = doing.on_task(TaskVerb(args.do), record, args.task, operator(), said)
    elif args.do in _DESK_VERBS:
        command = await _at_desk(args.do, record, said, db, clock)
    elif args.do == CaseVerb.WITHDRAW:
        command = _withdrawal(record, said, clock)
    else:
        command = doing.on_case(CaseVerb(args.do), record, operator(), said)
    applied = await db.changes.execute(command)
    if applied.skipped:
        print("it is so already / 无需变更", file=sys.stderr)
    _print(await db.reader.ticket(record["ticket_id"]))
    return 0


def _withdrawal(record: Record, said: dict[str, Any], clock: SystemClock) -> Command:
    from gateway.intake.ticket.withdraw import WithdrawTicket  # noqa: PLC0415 - the verb's name is told without it

    return WithdrawTicket(
        at=clock.now(),
        actor=operator(),
        ticket_id=record["ticket_id"],
        version=record["version"],
        reason=said["reason"],
    )


async def _at_desk(verb: str, record: Record, said: dict[str, Any], db: Database, clock: SystemClock) -> Command:
    from gateway.intake.ticket import at_desk  # noqa: PLC0415 - the verb's name is told without it

    at, actor, version = clock.now(), operator(), record["version"]
    match verb:
        case "confirm":
            return at_desk.confirming(record, said["paths"], at=at, actor=actor)
        case "merge":
            return await at_desk.merging(db.reader, record, said["into"], at=at, actor=actor, version=version)
        case "unmerge":
            return at_desk.unmerging(record, at=at, actor=actor, version=version)
        case "same_requester":
            return await at_desk.taking_over(db.reader, record, said["ticket_id"], at=at, actor=actor, version=version)
        case _:
            command = at_desk.lifting(record, said["reason"], at=at, actor=actor)
            await db.audit.write(
                actor=actor, action=at_desk.lift_noted(said["reason"]), ticket_id=record["ticket_id"], at=at
            )
            return command


async def _reveal(record: Record, db: Database, clock: SystemClock) -> int:
    """Name and numbers unmasked; who looked is written down first."""
    from gateway.intake.ticket.at_desk import REVEALED  # noqa: PLC0415 - as above

    await db.audit.write(actor=operator(), action="reveal", ticket_id=record["ticket_id"], at=clock.now())
    print(json.dumps({key: record["requester"].get(key) for key in REVEALED}, ensure_ascii=False))
    return 0


def _said(args: argparse.Namespace) -> dict[str, Any]:
    """``--data`` as the API would read it; ``RejectedInput`` names every mistake."""
    from pydantic import ValidationError  # noqa: PLC0415 - the verb's name is told without it

    try:
        return _model(args).model_validate_json(args.data).model_dump()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc'])) or '--data'}: {one['msg']}" for one in error.errors()]
        raise RejectedInput("\n".join(wrong)) from None


def _model(args: argparse.Namespace) -> type[BaseModel]:
    from gateway.web.api.case_bodies import CASE_BODIES, DESK_BODIES, TASK_BODIES  # noqa: PLC0415 - as above

    known = set(TaskVerb if args.task is not None else TICKET_VERBS)
    if args.do not in known:
        what = "a ticket: name its task with --task" if args.task is None else "a task: leave --task out"
        raise RejectedInput(f"{args.do} is not done to {what}")
    if args.task is not None:
        return TASK_BODIES[TaskVerb(args.do)]
    return DESK_BODIES[args.do] if args.do in DESK_BODIES else CASE_BODIES[CaseVerb(args.do)]


def _print(record: Record) -> None:
    print(spelled_no(record["ticket_no"]), record["status"], f"version {record['version']}", sep="\t")
    for task in record["handling"]["units"]:
        print(task["task_id"], task["unit"], task["status"], task["due_at"] or "", sep="\t")
    for step in record["handling"]["routing_trace"]:
        units, rows = " ".join(step["units"]), " ".join(map(str, step["rows"]))
        words = _spoken(step["stage"], DispatchStage), _spoken(step["rule"], DispatchReason)
        print(*words, units, f"rows {rows}" if rows else "", step["reason"] or "", sep="\t")


def _spoken(code: str, words: type[Term]) -> str:
    """In both languages; a code that is none of ``words``, such as a reason of the centre's, as it is."""
    return next((f"{word.zh} {word.en}" for word in words if word == code), code)
