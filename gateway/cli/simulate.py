"""``gateway simulate KIND``: a provider's side of a channel against a running gateway, for people who build on it."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from gateway.cli.simulators.base import Destination, NotNow, Provider, SimulatedPost
from gateway.cli.simulators.platform import Platform
from gateway.cli.simulators.sentences import said
from gateway.cli.simulators.sms import sms
from gateway.cli.simulators.telegram import Telegram
from gateway.cli.simulators.webchat import Webchat
from gateway.cli.simulators.wechat import wechat
from gateway.settings import Settings

KINDS: dict[str, Callable[[Destination], Provider]] = {
    "platform": Platform,
    "sms": sms,
    "telegram": Telegram,
    "webchat": Webchat,
    "wechat": wechat,
}
TRIES = 6
"""How often a message that was not acknowledged is delivered in all."""
TIMEOUT_S = 30.0
_AT_ONCE = 200


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("simulate", help="send a provider's traffic at a running gateway")
    parser.add_argument("kind", choices=sorted(KINDS), help="whose traffic")
    parser.add_argument("--url", help="where the gateway listens (default: the [http] section of --config)")
    parser.add_argument("--channel", metavar="ID", help="the channel (default: the first of this kind in --config)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the channel's table")
    parser.add_argument("--count", type=_positive, default=20, help="messages (default 20)")
    parser.add_argument("--people", type=_positive, help="who writes them (default: one for three messages)")
    parser.add_argument(
        "--rate", type=float, default=10.0, help="messages a second (default 10; 0: as fast as it goes)"
    )
    parser.add_argument("--duplicates", type=_share, default=0.1, help="share delivered twice (default 0.1)")
    parser.add_argument("--bad-signatures", type=_share, default=0.05, help="share forged as well (default 0.05)")
    parser.add_argument("--seed", type=int, default=1, help="which ones are doubled and forged")
    parser.add_argument(
        "--api", action="store_true", help="wechat: answer for WeChat's API too, at the table's api_base"
    )
    parser.add_argument("--json", action="store_true", help="the summary as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Send and sum up; 0 when everything was acknowledged and every forgery refused."""
    try:
        target = _target(args, settings)
        summary = asyncio.run(_Run(args, KINDS[args.kind](target)).go())
    except (ValueError, OSError) as error:
        print(f"gateway simulate: {error}", file=sys.stderr)
        return 2
    except ExceptionGroup as group:
        expected, others = group.split((ValueError, aiohttp.ClientError, TimeoutError))
        if others is not None or expected is None:
            raise
        print(f"gateway simulate: {expected.exceptions[0]}", file=sys.stderr)
        return 2
    summary = {"kind": args.kind, "channel": target.channel_id, "url": target.base, **summary}
    print(json.dumps(summary, ensure_ascii=False) if args.json else _as_text(summary))
    return 0 if summary["lost"] == 0 and summary["forged_refused"] == summary["forged"] else 1


@dataclass
class _Run:
    """One run against one channel."""

    args: argparse.Namespace
    provider: Provider
    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    waits_ms: list[float] = field(default_factory=list)

    async def go(self) -> dict[str, Any]:
        """Deliver everything; each person's messages one after the other."""
        args = self.args
        people = args.people or max(1, args.count // 3)
        chance = random.Random(args.seed)  # noqa: S311 - which messages are doubled, nothing secret
        turns: dict[int, int] = defaultdict(int)
        locks: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=_AT_ONCE)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
            self.provider.running(),
        ):
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for number in range(1, args.count + 1):
                    if args.rate > 0:
                        await asyncio.sleep(max(0.0, began + (number - 1) / args.rate - time.monotonic()))
                    person = (number - 1) % people
                    text = said(person, turns[person])
                    turns[person] += 1
                    twice = chance.random() < args.duplicates
                    forged = chance.random() < args.bad_signatures and self.provider.forges
                    group.create_task(
                        self._message(http, locks[person], number, person, text, twice=twice, forged=forged)
                    )
            seconds = time.monotonic() - began
        return self._summary(people, seconds)

    async def _message(
        self,
        http: aiohttp.ClientSession,
        lock: asyncio.Lock,
        number: int,
        person: int,
        text: str,
        *,
        twice: bool,
        forged: bool,
    ) -> None:
        async with lock:
            await self._enter(http, person)
            self.counts["messages"] += 1
            for attempt in range(TRIES):
                if attempt:
                    self.counts["redelivered"] += 1
                    await asyncio.sleep(min(2.0**attempt / 2, 5))
                began = time.monotonic()
                if await self._post(http, self.provider.delivery(number, person, text)):
                    self.waits_ms.append((time.monotonic() - began) * 1000)
                    self.counts["acknowledged"] += 1
                    break
            if twice:
                self.counts["duplicates"] += 1
                await self._post(http, self.provider.delivery(number, person, text))
            if forged:
                self.counts["forged"] += 1
                refused = not await self._post(http, self.provider.forged(self.provider.delivery(number, person, text)))
                self.counts["forged_refused"] += refused

    async def _enter(self, http: aiohttp.ClientSession, person: int) -> None:
        """Try again while the gateway says that it is not ready."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self.provider.enter(http, person)
            except NotNow:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(1)
        return None

    async def _post(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> bool:
        try:
            answer, acknowledged = await self.provider.send(http, delivery)
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            answer, acknowledged = type(error).__name__, False
        self.answers[answer] += 1
        return acknowledged

    def _summary(self, people: int, seconds: float) -> dict[str, Any]:
        waits = sorted(self.waits_ms)
        counts = self.counts
        return {
            "messages": counts["messages"],
            "people": people,
            "acknowledged": counts["acknowledged"],
            "lost": counts["messages"] - counts["acknowledged"],
            "redelivered": counts["redelivered"],
            "duplicates": counts["duplicates"],
            "forged": counts["forged"],
            "forged_refused": counts["forged_refused"],
            "answers": dict(sorted(self.answers.items())),
            "heard": dict(self.provider.heard()),
            "seconds": round(seconds, 2),
            "per_second": round(counts["acknowledged"] / seconds, 1) if seconds else 0.0,
            "ack_ms": {name: _quantile(waits, q) for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
        }


def _quantile(waits: list[float], q: float) -> float | None:
    return round(waits[min(len(waits) - 1, int(q * len(waits)))], 1) if waits else None


def _target(args: argparse.Namespace, settings: Settings) -> Destination:
    """The channel's own keys from the configuration, so that signatures fit; ``--set`` adds to them."""
    tables = [table for table in settings.channel if table.kind == args.kind]
    table = next((one for one in tables if args.channel in {None, one.id}), None)
    options: dict[str, Any] = dict(table.options) if table is not None else {}
    for pair in args.set:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set takes KEY=VALUE, not {pair!r}")
        options[key] = value
    if settings.http.public_url:
        options.setdefault("public_url", settings.http.public_url.rstrip("/"))
    host = "127.0.0.1" if settings.http.host in {"0.0.0.0", "::"} else settings.http.host  # noqa: S104 - compared, not bound
    base = (args.url or f"http://{host}:{settings.http.port}").rstrip("/")
    channel_id = args.channel or (table.id if table is not None else args.kind)
    return Destination(base=base, channel_id=channel_id, options=options, run=int(time.time()), api=args.api)


def _as_text(summary: dict[str, Any]) -> str:
    ack = summary["ack_ms"]
    answers = ", ".join(f"{count} x {what}" for what, count in summary["answers"].items())
    heard = ", ".join(f"{count} {what}" for what, count in summary["heard"].items())
    lines = (
        f"{summary['kind']} -> {summary['url']} channel {summary['channel']}",
        f"{summary['messages']} messages of {summary['people']} people in {summary['seconds']} s",
        f"{summary['acknowledged']} acknowledged ({summary['per_second']}/s), {summary['lost']} lost",
        f"{summary['redelivered']} redelivered, {summary['duplicates']} duplicates",
        f"{summary['forged']} forged, {summary['forged_refused']} of them refused",
        f"acknowledged after {ack['p50']} ms (p50), {ack['p99']} ms (p99), {ack['max']} ms (most); answers: {answers}",
        *([f"the gateway sent to people: {heard}"] if heard else []),
    )
    return "\n".join(lines)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return share
