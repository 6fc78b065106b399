"""The ``gateway`` command: one module a verb. Stdout holds only the answer, logs go to stderr."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.cli.private import set_umask
from gateway.cli.stored import with_database
from gateway.errors import ConfigError, GatewayError
from gateway.settings import Settings, load
from gateway.telemetry import log

if TYPE_CHECKING:
    from gateway.storage.database import Database

SPELLED_ERRORS = (GatewayError, OSError)
VERBS = (
    "run",
    "check",
    "doctor",
    "status",
    "flows",
    "prompts",
    "call",
    "trace",
    "asr",
    "prefill",
    "tokens",
    "users",
    "phones",
    "trunks",
    "feeds",
    "notices",
    "dispatch",
    "tickets",
    "channel",
    "simulate",
    "backup",
    "restore",
    "erase",
    "search",
)
"""Each is a module of this folder. Only the one asked for is loaded: ``run`` starts processes that stay small."""

READ_THEMSELVES = {"doctor"}
"""Verbs that work with a broken configuration, too."""


def parser(*verbs: str) -> argparse.ArgumentParser:
    """The command line of ``verbs``."""
    top = argparse.ArgumentParser(prog="gateway", description="12345 intake gateway / 城市热线接入网关")
    top.add_argument("--version", action="version", version=__version__)
    known = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in verbs:
        _module(verb).add_parser(known)
    for one in known.choices.values():
        _add_config(one)
    return top


def _module(verb: str) -> Any:
    return import_module(f"gateway.cli.{verb}")


def _add_config(verb: argparse.ArgumentParser) -> None:
    """``--config`` is understood by every verb, also behind its own sub-verbs."""
    nested = [a for a in verb._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001 - argparse lists them nowhere else
    for action in nested:
        for sub in action.choices.values():
            _add_config(sub)
    if not any("--config" in a.option_strings for a in verb._actions):  # noqa: SLF001 - as above
        verb.add_argument("--config", type=Path, default=None if not nested else argparse.SUPPRESS, metavar="FILE")


def main(argv: list[str] | None = None) -> int:
    """Run one verb; the exit code. A mistake of the caller's is one clear line on stderr."""
    given = sys.argv[1:] if argv is None else argv
    args = parser(*(given[:1] if given[:1] and given[0] in VERBS else VERBS)).parse_args(given)
    set_umask(args)
    try:
        if args.verb in READ_THEMSELVES:
            log.configure(level="error")
            return int(_module(args.verb).run(args))
        settings = load(getattr(args, "config", None))
        log.configure(level=settings.log.level, json=settings.log.json_lines, show_pii=settings.log.show_pii)
        return _dispatch(args, settings)
    except ConfigError as error:
        for problem in error.problems:
            print(f"gateway: {problem}", file=sys.stderr)
        return 2
    except SPELLED_ERRORS as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _dispatch(args: argparse.Namespace, settings: Settings) -> int:
    verb = _module(args.verb)
    stored: dict[str, Callable[[Database], Awaitable[int]]] = {
        "tokens": lambda db: verb.run(args, db.tokens),
        "users": lambda db: verb.run(args, db, settings),
        "phones": lambda db: verb.run(args, db.phones, settings),
        "feeds": lambda db: verb.run(args, db, settings.zone),
        "notices": lambda db: verb.run(args, db),
        "erase": lambda db: verb.run(args, db, settings),
        "dispatch": lambda db: verb.run(args, db, settings),
        "tickets": lambda db: verb.run(args, db, settings),
        "search": lambda db: verb.run(args, db.search),
        "trace": lambda db: verb.run(args, settings.data_dir, db.reader, db.ways),
    }
    configured = {"run", "check", "status", "trunks", "prefill", "simulate", "backup", "restore"}
    if args.verb in stored:
        quiet = "warning" if settings.log.level == "info" else settings.log.level  # what is done is printed
        log.configure(level=quiet, json=settings.log.json_lines, show_pii=settings.log.show_pii)
        return asyncio.run(with_database(settings, stored[args.verb]))
    return int(verb.run(args, settings) if args.verb in configured else verb.run(args))
