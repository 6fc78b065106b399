"""``gateway status``: the running gateway on one screen, what is degraded first."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from gateway.settings import Settings


def add_parser(verbs: Any) -> None:
    """``gateway status [--json]``."""
    status = verbs.add_parser("status", help="the running gateway on one screen / 运行状态一览")
    status.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when a gateway runs on this data_dir, whatever is degraded; 1 when none does."""
    from gateway.cli import running, status_view  # noqa: PLC0415 - loaded when it is run

    with running.as_owner_of(settings.data_dir):
        found = asyncio.run(running.look(settings.data_dir))
    if found.hidden:
        print(
            f"gateway: {settings.data_dir.absolute()} is another user's; run this as that user or as root",
            file=sys.stderr,
        )
        return 1
    if not found.up:
        print(f"gateway: no gateway runs on data_dir {settings.data_dir.absolute()}", file=sys.stderr)
        print("start it with `gateway run`; `gateway doctor` tells what may keep it from starting", file=sys.stderr)
        return 1
    told = status_view.status(found, settings)
    print(json.dumps(told, ensure_ascii=False, indent=2) if args.json else status_view.as_text(told))
    return 0
