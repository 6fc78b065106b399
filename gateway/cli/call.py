"""``gateway call``: places a real call, to try out a gateway or another system the way a citizen meets it."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import re
from pathlib import Path
from typing import Any

from gateway.errors import RejectedInput
from gateway.media.wav import read_wav

KEYS = re.compile(r"[0-9*#A-D]*")
CALLER = "channels.sip.caller"
"""Loaded by name, as every adapter is."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("call", help="place a call and speak a WAV file / 拨打测试电话")
    parser.add_argument("--to", required=True, metavar="URI", help="sip:USER@IP[:PORT]; names are not looked up")
    parser.add_argument("--wav", required=True, type=Path, metavar="FILE", help="what is said when the prompt ends")
    parser.add_argument("--from", dest="from_user", default="13800000000", metavar="NUM", help="the number shown")
    parser.add_argument(
        "--dtmf", default="", metavar="KEYS", help="keys pressed after the first prompt, before speaking"
    )
    parser.add_argument("--hangup-after", type=float, metavar="S", help="hang up S seconds after the answer")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write both sides into a stereo WAV")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Place the call; 0 when it was answered. A call that does not come about is one line on stderr and 1."""
    keys = args.dtmf.upper()
    if not KEYS.fullmatch(keys):
        raise RejectedInput(f"--dtmf {args.dtmf!r}: a telephone has the keys 0-9 * # A B C D")
    if args.hangup_after is not None and args.hangup_after <= 0:
        raise RejectedInput("--hangup-after wants a number of seconds above 0")
    speech = read_wav(args.wav).alaw()
    caller = importlib.import_module(CALLER)
    result: dict[str, Any] = asyncio.run(
        caller.place_call(
            to_uri=args.to,
            from_user=args.from_user,
            speech=speech,
            keys=keys,
            hangup_after_s=args.hangup_after,
            record=args.record,
        )
    )
    print(json.dumps(result, ensure_ascii=False) if args.json else _as_text(result))
    return 0


def _as_text(result: dict[str, Any]) -> str:
    ended = "the far side hung up" if result["hung_up_by"] == "far" else "we hung up"
    return (
        f"{result['call_id']}: answered in {result['answered_ms']} ms, talked {result['talked_s']} s, "
        f"heard {result['heard_s']} s of voice, spoke {result['spoke_s']} s; {ended}"
    )
