"""``gateway restore``: restores a backup into an empty installation, or only verifies it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gateway.settings import Settings


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("restore", help="put a backup into an empty data_dir, or verify it / 恢复备份")
    parser.add_argument("archive", type=Path, metavar="FILE", help="what `gateway backup` wrote")
    parser.add_argument("--verify", action="store_true", help="only read it and check every file")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do it. 1 for a damaged archive, 2 when this is no place for it: then nothing was changed."""
    from gateway.backup.archive import verify  # noqa: PLC0415 - only this verb needs them
    from gateway.backup.progress import Progress  # noqa: PLC0415 - as above
    from gateway.backup.put_back import KEPT_APART, restore  # noqa: PLC0415 - as above
    from gateway.storage.migrate import knows  # noqa: PLC0415 - as above

    progress = Progress(sys.stderr)
    if args.verify:
        about = verify(args.archive, progress)
    else:
        about = restore(settings, args.archive, progress, knows)
        print(
            "gateway restore: configuration, tables, flows and secrets of then are in "
            f"{settings.data_dir / KEPT_APART}: compare them with yours, then delete that folder",
            file=sys.stderr,
        )
    if args.json:
        print(json.dumps(about, ensure_ascii=False))
    else:
        done = "whole" if args.verify else f"restored to {settings.data_dir}"
        print(
            f"{args.archive}: {done}; taken {about['taken_at']}, event_seq {about['event_seq']}, "
            f"{about['tickets']} tickets, {about['recordings']} recordings, {about['attachments']} attachments"
        )
    return 0
