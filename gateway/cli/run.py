"""``gateway run``: everything on one machine, or one role of many."""

from __future__ import annotations

import argparse
import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.private import private_dir, tighten
from gateway.errors import ConfigError
from gateway.roles.role import ALL, ASR, READER, read_role
from gateway.settings import Settings, load
from gateway.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Coroutine

_log = log.get("run")


def add_parser(verbs: Any) -> None:
    """``gateway run [--role …]``."""
    run_verb = verbs.add_parser("run", help="start the gateway / 启动网关")
    run_verb.add_argument(
        "--role",
        default=ALL,
        help="all (default): this machine's whole gateway; voice, web, worker or some of them joined by +; reader; asr",
    )
    run_verb.add_argument("--index", type=int, default=0, help="which of several processes of a role this is")
    run_verb.add_argument("--siblings", default=None, help=argparse.SUPPRESS)  # a supervisor's: what runs beside it


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run until stopped; 0 after an orderly stop."""
    config: Path | None = args.config.resolve() if args.config else None
    role = read_role(args.role)
    if role == ALL:
        _check(settings)
    siblings = None if args.siblings is None else [name for name in args.siblings.split(",") if name]
    if siblings is None:  # a supervisor has done it for its children
        _prepare(settings)
    work: Coroutine[Any, Any, None]
    match role:
        case "all":
            from gateway.roles.supervisor import supervise  # noqa: PLC0415 - each role loads only what it runs

            work = supervise(settings, config)
        case "asr":
            from gateway.roles.asr import recognise  # noqa: PLC0415 - as above

            work = recognise(settings, args.index, supervised=siblings is not None)
        case "reader":
            from gateway.roles.reader import read  # noqa: PLC0415 - as above

            work = read(settings, supervised=siblings is not None)
        case _:
            from gateway.roles.process import serve  # noqa: PLC0415 - as above

            work = serve(settings, role, args.index, siblings, partial(load, config))
    if role in {ALL, READER, ASR}:
        asyncio.run(work)
    else:
        import uvloop  # noqa: PLC0415 - only the media and web process gains from it

        uvloop.run(work)
    return 0


def _check(settings: Settings) -> None:
    from gateway.cli.check import problems  # noqa: PLC0415 - it loads every adapter; the processes load their own

    if found := problems(settings):
        raise ConfigError(found)


def _prepare(settings: Settings) -> None:
    """Folders for this user alone, also those that an earlier version left open to others."""
    private_dir(settings.data_dir)
    private_dir(settings.data_dir / "run")
    folders = [settings.data_dir]
    if settings.recording.dir is not None and settings.recording.dir.is_dir():
        folders.append(settings.recording.dir)  # it may be a share's, which another user owns
    for folder in folders:
        done = tighten(folder)
        if done.changed:
            _log.info("permissions_tightened", folder=str(folder), entries=done.changed)
        if done.not_ours:
            _log.warning(
                "permissions_too_open",
                folder=str(folder),
                entries=done.not_ours,
                example=str(done.example),
                do="others may read these; chown them to the user of the service, or chmod -R go= the folder",
            )
