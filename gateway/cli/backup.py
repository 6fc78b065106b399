"""``gateway backup``: everything that has to be kept, in one verified archive, beside a running gateway."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import date
from pathlib import Path

from gateway.settings import Settings


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("backup", help="database, recordings, attachments, configuration in one archive / 备份")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE|DIR", help="where to; a folder gets a new file"
    )
    parser.add_argument("--recordings-from", type=day, default=date.min, metavar="YYYY-MM-DD", help="first day (UTC)")
    parser.add_argument("--recordings-to", type=day, default=date.max, metavar="YYYY-MM-DD", help="last day (UTC)")
    parser.add_argument("--no-recordings", action="store_true", help="leave them to a copy of your own")
    parser.add_argument("--no-attachments", action="store_true", help="as above")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Write it; 1 when a file of the record was missing or damaged on the disk (the archive is whole all the same)."""
    from gateway.backup.progress import Progress, spelled  # noqa: PLC0415 - only this verb needs them
    from gateway.backup.take import Wanted, take  # noqa: PLC0415 - as above

    wanted = Wanted(
        recordings=not args.no_recordings,
        recordings_from=args.recordings_from,
        recordings_to=args.recordings_to,
        attachments=not args.no_attachments,
    )
    secrets = os.environ.get("GATEWAY_SECRETS_DIR")
    about = take(
        settings,
        config=args.config,
        secrets=Path(secrets) if secrets else None,
        out=args.out,
        wanted=wanted,
        progress=Progress(sys.stderr),
    )
    for what in ("missing", "damaged"):
        if about[what]:
            names = ", ".join(about[f"{what}_first"])
            print(f"gateway backup: {about[what]} files of the record are {what}: {names}", file=sys.stderr)
    if args.json:
        print(json.dumps(about, ensure_ascii=False))
    else:
        print(
            f"{about['file']}: event_seq {about['event_seq']}, {about['tickets']} tickets, "
            f"{about['recordings']} recordings, {about['attachments']} attachments, {spelled(about['bytes'])}"
        )
    return 1 if about["missing"] or about["damaged"] else 0


def day(text: str) -> date:
    """A day as YYYY-MM-DD; ``ValueError``."""
    return date.fromisoformat(text)
