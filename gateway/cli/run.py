"""``gateway run``: everything on one machine, or one role of many."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli import check
from gateway.cli.private import private_dir, tighten
from gateway.errors import ConfigError
from gateway.settings import Settings
from gateway.telemetry import log

if TYPE_CHECKING:
    from collections.abc import Coroutine

_log = log.get("run")
ROLES = ("all", "core", "voice", "web", "worker", "asr")


def add_parser(verbs: Any) -> None:
    """``gateway run [--role …]``."""
    run_verb = verbs.add_parser("run", help="start the gateway / 启动网关")
    run_verb.add_argument("--role", choices=ROLES, default="all", help="all (default): this machine's whole gateway")
    run_verb.add_argument("--index", type=int, default=0, help="which of several processes of a role this is")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Run until stopped; 0 after an orderly stop."""
    config: Path | None = args.config.resolve() if args.config else None
    if args.role == "all" and (found := check.problems(settings)):
        raise ConfigError(found)
    _prepare(settings)
    work: Coroutine[Any, Any, None]
    match args.role:
        case "all":
            from gateway.roles.supervisor import supervise  # noqa: PLC0415 - each role loads only what it runs

            work = supervise(settings, config)
        case "asr":
            from gateway.roles.asr import recognise  # noqa: PLC0415 - as above

            work = recognise(settings, args.index)
        case role:
            from gateway.roles.core import serve  # noqa: PLC0415 - as above

            if role != "core" and not settings.database.url:
                raise ConfigError(
                    [f"--role {role} needs PostgreSQL: set [database] url (SQLite has one owner, 'core')"]
                )
            work = serve(settings, role)
    if args.role in {"all", "asr"}:
        asyncio.run(work)
    else:
        import uvloop  # noqa: PLC0415 - only the media and web process gains from it

        uvloop.run(work)
    return 0


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
