"""The ``gateway`` command: one module a verb. Stdout holds only the answer, logs go to stderr."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway import __version__
from gateway.cli import (
    asr,
    call,
    channel,
    check,
    feeds,
    flows,
    phones,
    prefill,
    prompts,
    run,
    simulate,
    tokens,
    trace,
    trunks,
    users,
)
from gateway.cli.private import set_umask
from gateway.cli.stored import with_database
from gateway.errors import ConfigError, GatewayError
from gateway.settings import Settings, load
from gateway.storage.database import Database
from gateway.telemetry import log

SPELLED_ERRORS = (GatewayError, OSError)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="gateway", description="12345 intake gateway / 城市热线接入网关")
    top.add_argument("--version", action="version", version=__version__)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    modules = (
        run,
        check,
        flows,
        prompts,
        call,
        trace,
        asr,
        prefill,
        tokens,
        users,
        phones,
        trunks,
        feeds,
        channel,
        simulate,
    )
    for module in modules:
        module.add_parser(verbs)
    for verb in verbs.choices.values():
        _add_config(verb)
    return top


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
    args = parser().parse_args(argv)
    set_umask(args)
    try:
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
    stored: dict[str, Callable[[Database], Awaitable[int]]] = {
        "tokens": lambda db: tokens.run(args, db.accounts),
        "users": lambda db: users.run(args, db.accounts),
        "phones": lambda db: phones.run(args, db.accounts, settings),
        "feeds": lambda db: feeds.run(args, db),
        "trace": lambda db: trace.run(args, settings.data_dir, db.reader),
    }
    plain: dict[str, Callable[[], int]] = {
        "run": lambda: run.run(args, settings),
        "check": lambda: check.run(args, settings),
        "flows": lambda: flows.run(args),
        "trunks": lambda: trunks.run(args, settings),
        "prompts": lambda: prompts.run(args),
        "call": lambda: call.run(args),
        "asr": lambda: asr.run(args),
        "prefill": lambda: prefill.run(args, settings),
        "channel": lambda: channel.run(args),
        "simulate": lambda: simulate.run(args, settings),
    }
    if args.verb in stored:
        return asyncio.run(with_database(settings, stored[args.verb]))
    return plain[args.verb]()
