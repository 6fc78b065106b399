"""``gateway search``: the index by which tickets are found, beside a running gateway or without one."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from gateway.domain.ids import spelled_no

if TYPE_CHECKING:
    from gateway.storage.search_index import SqlSearchIndex

TOLD_EVERY = 100
"""Slices between two lines of progress."""


def add_parser(verbs: Any) -> None:
    """Declare the verb."""
    parser = verbs.add_parser("search", help="the index by which tickets are found / 检索索引")
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("status", help="whether every ticket is in the index")
    what.add_parser("rebuild", help="make the whole index anew from the record; lists stay whole meanwhile")


async def run(args: argparse.Namespace, index: SqlSearchIndex) -> int:
    """Tell, or rebuild; a rebuilding that was stopped is gone on with by the gateway, or by the next one."""
    if args.what == "rebuild":
        await index.keep_rules()
        await index.rebuild()
        slices = 0
        while await index.some():
            slices += 1
            if slices % TOLD_EVERY == 0 and (left := await index.left()) is not None:
                print(f"gateway search: tickets from {spelled_no(left)} on are done", file=sys.stderr)
    left, behind = await index.left(), await index.behind()
    print("every ticket is in the index" if left is None else f"tickets before {spelled_no(left)} are still to come")
    if behind:
        print(f"changes of {behind} tickets are still to come; a running gateway takes them in within a second")
    return 0
