"""``gateway dispatch``: the directory and the dispatch table that officers edit in a spreadsheet."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gateway.casework.catalogue_versions import DISPATCH, KINDS, as_csv
from gateway.casework.catalogues import Catalogues, Imported
from gateway.casework.differences import RowChange
from gateway.casework.simulation import Simulation, demand_of, simulate
from gateway.casework.unwritten import Unwritten
from gateway.cli.stored import operator
from gateway.domain.case.dispatch import Decision
from gateway.domain.ids import spelled_no
from gateway.edge.system_clock import SystemClock
from gateway.errors import ConfigError, RejectedInput
from gateway.ports.store import Record, TicketQuery, TicketReader
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.storage.database import Database

_PAGE = 500
_SHOWN = 20
_WRITES = frozenset({"import", "rollback"})
"""The other actions show what is there, or would be: they write nothing."""
_CENTRE = "中心研判 centre"
_KIND = "dispatch 派单目录 (default), directory 单位目录, policy 时限规则, calendar 节假日"


def add_parser(verbs: Any) -> None:
    """``gateway dispatch import|diff|versions|show|rollback|simulate``."""
    dispatch = verbs.add_parser("dispatch", help="directory of units and dispatch table / 单位目录与派单目录")
    actions = dispatch.add_subparsers(dest="action", required=True, metavar="ACTION")
    bring = actions.add_parser("import", help="bring a spreadsheet into force, whole or not at all / 导入")
    bring.add_argument("file", type=Path, metavar="FILE", help=".xlsx, or CSV in UTF-8 or GBK; policy: YAML")
    diff = actions.add_parser("diff", help="what a spreadsheet would change, or differs from a version / 对比")
    diff.add_argument("file", type=lambda text: int(text) if text.isdecimal() else Path(text), metavar="FILE|VERSION")
    versions = actions.add_parser("versions", help="every version with author and note, newest first / 版本")
    show = actions.add_parser("show", help="a version as CSV, by default the newest / 查看或导出")
    show.add_argument("version", type=int, nargs="?", metavar="VERSION")
    show.add_argument("--out", type=Path, metavar="FILE", help="write it there, so that Excel and WPS open it rightly")
    back = actions.add_parser("rollback", help="bring an earlier version into force again, as a new one / 回退")
    back.add_argument("version", type=int, metavar="VERSION")
    replay = actions.add_parser(
        "simulate", help="decide on last month's tickets again and show what would move / 用上月工单试算"
    )
    replay.add_argument("--table", type=Path, metavar="FILE", help="a changed dispatch table")
    replay.add_argument("--directory", type=Path, metavar="FILE", help="a changed directory")
    replay.add_argument("--from", dest="first", type=_day, metavar="DAY", help="default: the first of last month")
    replay.add_argument(
        "--to",
        dest="last",
        type=_day,
        metavar="DAY",
        help="default: the last of last month, or today where DAY begins later",
    )
    replay.add_argument("--on", type=_day, metavar="DAY", help="decide as on this day (default: today)")
    for action in (bring, diff, versions, show, back):
        action.add_argument("--kind", choices=sorted(KINDS), default=DISPATCH, help=_KIND)
    for action in (bring, back):
        action.add_argument("--note", default="", help="why / 说明")
    for action in (diff, versions, replay):
        action.add_argument("--json", action="store_true")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write it as 2026-01-31") from None


async def run(args: argparse.Namespace, db: Database, settings: Settings) -> int:
    """Do it. ``SheetRefused`` names every row that is wrong; nothing was imported then."""
    from gateway.bootstrap.tables import catalogues, shipped  # noqa: PLC0415 - the verb's name is told without SQL

    if args.action == "versions":
        await _versions(args, db)
        return 0
    store = db.catalogues if args.action in _WRITES else Unwritten(db.catalogues)
    tables = catalogues(settings.config_dir, store, SystemClock())
    try:
        await tables.adopt(lambda name: shipped(settings.config_dir / name))
    except ConfigError as error:  # an import repairs it
        for problem in error.problems:
            print(f"gateway: {problem}", file=sys.stderr)
    actions: dict[str, Callable[[], Awaitable[None]]] = {
        "import": lambda: _import(args, tables),
        "diff": lambda: _diff(args, tables),
        "show": lambda: _show(args, tables),
        "rollback": lambda: _roll_back(args, tables),
        "simulate": lambda: _simulate(args, tables, db.reader, settings),
    }
    await actions[args.action]()
    return 0


async def _import(args: argparse.Namespace, catalogues: Catalogues) -> None:
    note = args.note or args.file.name
    _told(await catalogues.import_table(args.kind, args.file.read_bytes(), author=operator(), note=note))


async def _roll_back(args: argparse.Namespace, catalogues: Catalogues) -> None:
    _told(await catalogues.roll_back(args.kind, args.version, author=operator(), note=args.note))


def _told(imported: Imported) -> None:
    if imported.version is None:
        print("nothing is different; no new version / 无变化，未生成新版本")
        return
    print("\n".join(map(str, imported.changes)))
    print(f"{imported.version.name} is in force / 已生效")


async def _diff(args: argparse.Namespace, catalogues: Catalogues) -> None:
    if isinstance(args.file, int):
        rows = await catalogues.rows(args.kind, args.file)
    else:
        rows = await catalogues.read(args.kind, args.file.read_bytes())
    changes = await catalogues.difference(args.kind, rows)
    if args.json:
        print(json.dumps([_change(one) for one in changes], ensure_ascii=False, indent=2))
    else:
        print("\n".join(map(str, changes)) or "nothing is different / 无变化")


def _change(one: RowChange) -> dict[str, Any]:
    return {"key": one.key, "before": one.before, "after": one.after}


async def _versions(args: argparse.Namespace, db: Database) -> None:
    found = await db.catalogues.all(args.kind)
    if args.json:
        keys = ("kind", "version", "author", "note", "sha256")
        rows = [{**{key: getattr(one, key) for key in keys}, "at": one.at.isoformat()} for one in found]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for one in found:
        print(one.name, f"{one.at:%Y-%m-%d %H:%M}Z", one.author, one.note, sep="\t")


async def _show(args: argparse.Namespace, catalogues: Catalogues) -> None:
    text = as_csv(args.kind, await catalogues.rows(args.kind, args.version))
    if args.out is None:
        print(text, end="")
    else:
        args.out.write_text(text, encoding="utf-8-sig", newline="")
        print(args.out)


async def _simulate(args: argparse.Namespace, catalogues: Catalogues, reader: TicketReader, settings: Settings) -> None:
    if args.table is None and args.directory is None:
        raise RejectedInput("name what is changed: --table FILE, --directory FILE or both")
    changed = {"table": args.table, "directory": args.directory}
    after = await catalogues.would_be(**{name: file.read_bytes() for name, file in changed.items() if file is not None})
    taxonomy, zone = read_taxonomy(settings.config_dir / "taxonomy.csv", units=None), settings.zone
    categories = {code: node.may_stay for code, node in taxonomy.items()}
    today = datetime.now(zone).date()
    month = _last_month(today)
    first = args.first or month[0]
    last = args.last or (month[1] if first <= month[1] else today)
    if first > last:
        raise RejectedInput(f"--from {first} is after --to {last}")
    query = TicketQuery(created_from=_midnight(first, zone), created_to=_midnight(last + timedelta(days=1), zone))
    demands = [
        (record["ticket_no"], demand_of(record, categories, args.on or today))
        async for record in _tickets(reader, query)
        if not record["empty"]
    ]
    found = simulate(demands, await catalogues.in_force(), after)
    if args.json:
        print(json.dumps({"from": f"{first}", "to": f"{last}", **_as_json(found)}, ensure_ascii=False, indent=2))
    else:
        _print(found, first, last)


def _last_month(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def _tickets(reader: TicketReader, query: TicketQuery) -> AsyncIterator[Record]:
    cursor: str | None = None
    while True:
        page = await reader.tickets(replace(query, limit=_PAGE, cursor=cursor))
        for record in page.items:
            yield record
        cursor = page.next_cursor
        if cursor is None:
            return


def _print(found: Simulation, first: date, last: date) -> None:
    print(f"{first} … {last}: {found.asked} tickets, {len(found.moved)} would move / 工单 {found.asked} 件，变动如下")
    print(f"{_CENTRE}: {found.undecided_before} → {found.undecided_after}")
    for before, after, count in found.ways:
        print(f"{count:6}  {before or _CENTRE} → {after or _CENTRE}")
    for one in found.moved[:_SHOWN]:
        print(
            f"{spelled_no(one.ticket_no)}  {_units(one.before)} → {_units(one.after)}  {one.after.trace[-1].reason.zh}"
        )
    if len(found.moved) > _SHOWN:
        print(f"… {len(found.moved) - _SHOWN} more: --json / 其余见 --json")


def _units(decision: Decision) -> str:
    return " + ".join(code for code, _ in decision.units) or _CENTRE


def _as_json(found: Simulation) -> dict[str, Any]:
    return {
        "asked": found.asked,
        "moved": len(found.moved),
        "undecided": {"before": found.undecided_before, "after": found.undecided_after},
        "ways": [{"from": before, "to": after, "count": count} for before, after, count in found.ways],
        "tickets": [
            {"ticket_no": one.ticket_no, "before": _decision(one.before), "after": _decision(one.after)}
            for one in found.moved
        ],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "lead": decision.lead,
        "joint": decision.joint,
        "candidates": decision.candidates,
        "trace": [asdict(step) for step in decision.trace],
    }
