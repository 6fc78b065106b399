"""``python -m bench [NAME…]``: run the benches one after the other, write ``bench/results/``.

A bench is a module of this package with ``rows()`` (or ``async def rows()``), which gives ``report.Row``s; its
docstring tells what is measured and how. Each runs in a process of its own. The exit code says whether every bench
could be run, not whether the goals were met: the tables say that.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import report

BENCHES = (
    "calls",
    "attacks",
    "recognition",
    "accept",
    "two_writers",
    "http_accept",
    "speech_to_desk",
    "webchat",
    "idle_sockets",
    "wechat",
    "similar",
    "search",
    "city_month",
    "case_clocks",
    "feeds",
    "prefill",
    "extraction",
)
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run what the command line names; 1 when a bench failed to run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}; none = all")
    parser.add_argument("--rows", metavar="NAME", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.rows:
        _say(json.dumps(_rows(args.rows), ensure_ascii=False))
        return 0
    unknown = set(args.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    names = [name for name in BENCHES if not args.names or name in args.names]
    failed = [name for n, name in enumerate(names, start=1) if not _run(name, f"[{n}/{len(names)}]")]
    report.write_summary(BENCHES)
    _say(f"results: {report.RESULTS / 'README.md'}")
    if failed:
        _say(f"failed to run: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str, place: str) -> bool:
    _say(f"{place} {name} …")
    began, load = time.monotonic(), report.load()
    command = [sys.executable, "-m", "bench", "--rows", name]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)  # noqa: S603 - ourselves
    took = time.monotonic() - began
    try:
        rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        _say(f"{place} {name}: failed to run (exit code {done.returncode})")
        return False
    about = importlib.import_module(f"bench.{name}").__doc__ or ""
    report.write_one(name, about, rows, began_load=load, took_s=took)
    for row in rows:
        met = {None: "", True: "  met", False: "  MISSED"}[row["met"]]
        goal = f"  (goal {row['goal']}{met})" if row["goal"] else ""
        _say(f"    {row['measure']}: {row['ours']} | {row['beside']} | {row['ratio']}{goal}")
    _say(f"{place} {name}: {took:.0f} s")
    return True


def _rows(name: str) -> Any:
    result = importlib.import_module(f"bench.{name}").rows()
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
