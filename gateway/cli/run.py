"""``gateway run``: everything on one machine, or one role of many."""

from __future__ import annotations

import argparse
import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from gateway.backup.stage import refuse_half_restored
from gateway.cli.private import private_dir, tighten
from gateway.errors import ConfigError
from gateway.interprocess.in_use import in_use
from gateway.roles.role import ALL, process_name, read_role
from gateway.settings import Settings, load_again
from gateway.telemetry import log

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
    role = read_role(args.role)
    if args.siblings is not None:  # a supervisor holds the folder for its children, and has prepared it
        _serve(args, settings, role, [name for name in args.siblings.split(",") if name])
        return 0
    private_dir(settings.data_dir)
    refuse_half_restored(settings.data_dir)
    private_dir(settings.data_dir / "run")
    with in_use(settings.data_dir, _names(args, settings, role)) as locks:
        if role == ALL:
            _check(settings)
        _tighten(settings)
        if role == ALL:
            _supervise(args, settings, locks[0])
        else:
            _serve(args, settings, role, None)
    return 0


def _names(args: argparse.Namespace, settings: Settings, role: str) -> list[str]:
    if role != ALL:
        return [process_name(role, args.index)]
    from gateway.roles.supervisor import child_names  # noqa: PLC0415 - each role loads only what it runs

    return [ALL, *child_names(settings)]


def _supervise(args: argparse.Namespace, settings: Settings, lock: int) -> None:
    from gateway.roles.supervisor import supervise  # noqa: PLC0415 - as above

    config: Path | None = args.config.resolve() if args.config else None
    asyncio.run(supervise(settings, config, lock=lock))


def _serve(args: argparse.Namespace, settings: Settings, role: str, siblings: list[str] | None) -> None:
    supervised = siblings is not None
    match role:
        case "asr":
            from gateway.roles.asr import recognise  # noqa: PLC0415 - as above

            asyncio.run(recognise(settings, args.index, supervised=supervised))
        case "reader":
            from gateway.roles.reader import read  # noqa: PLC0415 - as above

            asyncio.run(read(settings, supervised=supervised))
        case _:
            import uvloop  # noqa: PLC0415 - only the media and web processes gain from it

            from gateway.roles.process import serve  # noqa: PLC0415 - as above

            uvloop.run(serve(settings, role, args.index, siblings, partial(load_again, args.config)))


def _check(settings: Settings) -> None:
    from gateway.cli.check import problems  # noqa: PLC0415 - it loads every adapter; the processes load their own

    if found := problems(settings):
        raise ConfigError(found)


def _tighten(settings: Settings) -> None:
    """Folders for this user alone, also those that an earlier version left open to others."""
    elsewhere = (settings.recording.dir, settings.attachments.dir)  # they may be a share's, which another user owns
    for folder in (settings.data_dir, *(there for there in elsewhere if there is not None and there.is_dir())):
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
