"""``gateway erase``: a person's data go for good, beside a running gateway (docs/erasure.md)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.stored import operator
from gateway.errors import ConfigError, Conflict, NotFound
from gateway.ports.erasure import ErasureKind, ErasureStore, ErasureSubject
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.intake.ticket.erase import Erased, Erasure
    from gateway.storage.database import Database

SMALL_BYTES = 128 * 1024 * 1024
"""A database of so much is written anew at once: it takes about a second, and writers wait for five."""
PAGE = 500


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("erase", help="erase a person's data for good; counts stay / 删除个人信息")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--ticket", metavar="ID", help="one ticket, by its id or number")
    what.add_argument("--requester", metavar="ID", help="everything of one requester, by requester_id")
    what.add_argument(
        "--ledger", action="store_true", help="print what was erased, as ids; keep it beside your backups"
    )
    what.add_argument("--again", type=Path, metavar="FILE", help="erase what such a ledger names, after a restore")
    parser.add_argument(
        "--compact",
        action="store_true",
        help="write the whole database anew, so that no copy is left in it; nobody else can write meanwhile",
    )
    parser.add_argument("--json", action="store_true", help="for programs")


async def run(args: argparse.Namespace, database: Database, settings: Settings) -> int:
    """Do it. 1 when it cannot be done now; asking again goes on where it stopped."""
    if args.ledger:
        return await _ledger(database.erasures)
    if not (args.ticket or args.requester or args.again or args.compact):
        raise ConfigError(["name what to erase: --ticket, --requester or --again; or --ledger, or --compact"])
    waiting = await _erase(args, database, settings)
    return await _leave_no_copy(database.erasures, compact=args.compact) or min(waiting, 1)


async def _erase(args: argparse.Namespace, database: Database, settings: Settings) -> int:
    """How many have to wait."""
    from gateway.bootstrap.erasure import erasure  # noqa: PLC0415 - the verbs' names are told without SQL

    store, erases = database.erasures, erasure(settings, database)
    if args.again:
        return await _again(erases, store, args.again)
    for kind, name in ((ErasureKind.TICKET, args.ticket), (ErasureKind.REQUESTER, args.requester)):
        if name:
            _print(await erases.erase(await store.named(kind, name), actor=operator()), as_json=args.json)
    return 0


async def _ledger(store: ErasureStore) -> int:
    after = ""
    while page := await store.ledger(after, PAGE):
        for line in page:
            told = {"subject": line.subject.id, "kind": line.subject.kind.value}
            print(json.dumps(told | {"actor": line.actor, "begun_at": line.begun_at, "done_at": line.done_at}))
        after = page[-1].subject.id
    return 0


async def _again(erases: Erasure, store: ErasureStore, file: Path) -> int:
    """How many have to wait."""
    erased = unknown = waiting = 0
    for subject in _subjects(file):
        try:
            await erases.erase(await store.named(subject.kind, subject.id), actor=operator())
        except NotFound:
            unknown += 1
        except Conflict as error:
            waiting += 1
            print(f"gateway erase: {subject.kind} {subject.id}: {error}", file=sys.stderr)
        else:
            erased += 1
    told = f"{erased} of the ledger are erased, {waiting} have to wait, {unknown} are not in this database"
    print(f"gateway erase: {told}", file=sys.stderr)
    return waiting


def _subjects(file: Path) -> Iterator[ErasureSubject]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                told = json.loads(line)
                yield ErasureSubject(ErasureKind(told["kind"]), str(told["subject"]))
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigError([f"{file}:{number}: no line of `gateway erase --ledger`"]) from error


def _print(done: Erased, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done)))
        return
    if not done.tickets:
        print(f"{done.subject.kind} {done.subject.id}: was erased before")
        return
    print(
        f"{done.subject.kind} {done.subject.id}: {done.tickets} tickets, {done.recordings} recordings, "
        f"{done.files} files, {done.lines} lines of traces and spool, {done.rows} other rows erased"
    )


async def _leave_no_copy(store: ErasureStore, *, compact: bool) -> int:
    size = await store.size()
    now = compact or size is None or size <= SMALL_BYTES
    if not await (store.compact() if now else store.scrub()):
        print(
            "gateway erase: erased; others read the database just now, so that its log still holds copies: "
            "run `gateway erase --compact` later",
            file=sys.stderr,
        )
        return 1
    if not now:
        print(
            "gateway erase: erased; unused room of the database may hold copies until it is written anew: run "
            "`gateway erase --compact` at a quiet hour, or with the gateway stopped",
            file=sys.stderr,
        )
    return 0
