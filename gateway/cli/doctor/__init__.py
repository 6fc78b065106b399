"""``gateway doctor``: everything that may be wrong with this machine, at once, and what to do about it.

It writes nothing, works beside a running gateway and without one, and with whatever is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.cli.doctor.check import Finding

GROUPS = {
    "processes": "processes / 进程",
    "alarms": "alarms / 告警",
    "config": "configuration / 配置",
    "port": "ports / 端口",
    "listener": "ports / 端口",
    "trunks": "ports / 端口",
    "rights": "rights / 权限",
    "disk": "disk / 磁盘",
    "models": "recognition / 语音识别",
    "sql": "database / 数据库",
    "redis": "Valkey, Redis / 缓存",
    "clock": "clock / 时钟",
    "tls": "certificates / 证书",
    "limits": "limits / 系统限制",
    "provider": "providers / 外部系统",
}
"""Headings by how a check's name begins."""
MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def add_parser(verbs: Any) -> None:
    """``gateway doctor [NAME …] [--providers] [--json]``."""
    doctor = verbs.add_parser(
        "doctor", help="what is wrong with this machine, and what to do / 体检：哪里有问题、怎么处理"
    )
    doctor.add_argument("names", nargs="*", metavar="NAME", help="only these, e.g. sql, disk.free; default: everything")
    doctor.add_argument("--json", action="store_true", help="as a JSON array of name, status, found, advice")
    doctor.add_argument(
        "--providers", action="store_true", help="ask providers and receivers, too, whether they take our credentials"
    )


def run(args: argparse.Namespace) -> int:
    """Print every line; 1 when one is ``fail``, 2 for a NAME of no check."""
    lines = _examined(args)
    if lines is None:
        return 2
    if args.json:
        print(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=2))
    else:
        print(as_text(lines))
    return 1 if any(line.status == "fail" for line in lines) else 0


def as_text(lines: Sequence[Finding]) -> str:
    """For people: under headings, what to do under what is wrong, and the count at the end."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        told = groups.setdefault(GROUPS.get(line.name.partition(".")[0], line.name), [])
        told.append(f"  {MARKS[line.status]} {line.name}: {line.found}")
        if line.advice:
            told.append(f"       → {line.advice}")
    counts = {status: sum(line.status == status for line in lines) for status in MARKS}
    parts = ["\n".join([heading, *told]) for heading, told in groups.items()]
    return "\n\n".join([*parts, f"{counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failures"])


def _examined(args: argparse.Namespace) -> list[Finding] | None:
    """What was found; None when there is no such check."""
    from gateway.cli import running  # noqa: PLC0415 - loaded when it is run: other verbs' help names this one, too
    from gateway.cli.doctor.check import fail  # noqa: PLC0415 - as above
    from gateway.cli.doctor.examine import examine  # noqa: PLC0415 - as above
    from gateway.cli.doctor.machine import Machine  # noqa: PLC0415 - as above
    from gateway.cli.doctor.subjects import all_checks  # noqa: PLC0415 - as above
    from gateway.settings.partial import load_what_holds  # noqa: PLC0415 - as above

    checks = all_checks()
    known = {one.name for one in checks}
    asked = [one for one in checks if not args.names or any(_tells(one.name, name, known) for name in args.names)]
    wanted = [one for one in asked if args.providers or not one.providers]
    if not wanted:
        print(f"gateway doctor: no such check; there are {' '.join(one.name for one in checks)}", file=sys.stderr)
        return None
    settings, problems = load_what_holds(args.config)
    if settings is None:
        how = "correct it first: nothing else can be looked at before"
        return [fail("config.file", problem, how) for problem in problems]
    with running.as_owner_of(settings.data_dir):
        found = asyncio.run(running.look(settings.data_dir))
    machine = Machine(settings=settings, config=args.config, problems=problems, running=found)
    return examine(machine, wanted)


def _tells(check: str, name: str, known: Collection[str]) -> bool:
    """Whether ``name`` asks for the check: its own, that of a group (``disk``), or of a line that it tells."""
    if check == name or check.startswith(f"{name}."):
        return True
    return name not in known and name.startswith(f"{check}.")
