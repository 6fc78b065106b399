"""``gateway prompts``: check a folder of new recordings and put them in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from gateway.errors import ConfigError
from gateway.ivr.new_prompts import check, put_in
from gateway.ivr.prompts import read_prompts
from gateway.settings import load


def add_parser(verbs: Any) -> None:
    """``gateway prompts check|add FOLDER``."""
    prompts = verbs.add_parser("prompts", help="check new recordings of the prompts and put them in / 更换语音提示")
    what = prompts.add_subparsers(dest="what", required=True, metavar="check|add")
    for name, text in (
        ("check", "are <FOLDER>/<language>/<id>.wav complete and fit for the telephone?"),
        ("add", "check them, convert them to 8 kHz and put them in, all or none"),
    ):
        sub = what.add_parser(name, help=text)
        sub.add_argument("folder", type=Path, metavar="FOLDER", help="with zh/ and en/, one <id>.wav a prompt")


def run(args: argparse.Namespace) -> int:
    """0 when all recordings are fit (and, with ``add``, in place)."""
    prompts, problems = read_prompts(load(args.config).flows_dir / "prompts")
    if problems:
        raise ConfigError(problems)
    recordings, problems = check(args.folder, prompts.items)
    for recording in recordings:
        print(f"{recording.path}: {recording.duration_s:.1f} s, {recording.level_dbfs:.1f} dBFS: ok")
    for problem in problems:
        print(f"gateway: {problem}", file=sys.stderr)
    if problems:
        print(f"{len(recordings)} fit, {len(problems)} problem(s); nothing was changed")
        return 1
    if args.what == "add":
        put_in(recordings, prompts.folder)
        replaced = {recording.language for recording in recordings}
        print(f"{len(recordings)} recordings put into {prompts.folder}; calls hear them from now on")
        if replaced == set(prompts.items):
            print(f"none of the demonstration voices is left: {prompts.folder / 'NOTICE'} can be removed")
        return 0
    print(f"{len(recordings)} fit")
    return 0
