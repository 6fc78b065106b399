#!/usr/bin/env python3
"""A small case system that receives the gateway's webhook feed: for the demo, the tests and a first try.

It checks each post's signature, writes the post to an append-only JSONL log (on the disk before the answer), takes an
event once whatever comes twice, checks that the events of a ticket arrive in order, and answers with a receipt number.

    scripts/case_system.py --secret-file secret.txt --log cases.jsonl

A line of the log is the CloudEvent as it came, with ``received_at`` and ``receipt`` added.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

MAX_BODY = 16 * 1024 * 1024
MAX_SKEW_S = 300


@dataclass
class Ledger:
    """What was received, rebuilt from the log when it exists already."""

    path: Path
    raw_posts: int = 0
    receipts: dict[str, str] = field(default_factory=dict)
    """Receipt number by event id: one each, however often the event came."""
    last_seq: dict[str, int] = field(default_factory=dict)
    """The newest sequence of each ticket."""
    out_of_order: list[str] = field(default_factory=list)
    """Ids of events that came after a later event of their ticket."""
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The newest record of each ticket."""

    def __post_init__(self) -> None:
        whole = self.path.read_bytes() if self.path.exists() else b""
        if whole and not whole.endswith(b"\n"):  # a last line without its end was never acknowledged
            os.truncate(self.path, whole.rfind(b"\n") + 1)
        for post in self.posts():
            self._take(post)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def posts(self) -> Iterator[dict[str, Any]]:
        """Every accepted post in the order of arrival, repetitions included."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def receive(self, event: dict[str, Any]) -> str:
        """Write the post to the disk, then take it; its receipt number, the same one for a repetition."""
        receipt = self.receipts.get(event["id"]) or f"CASE-{len(self.receipts) + 1:08d}"
        post = {"received_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "receipt": receipt, **event}
        os.write(self._file, (json.dumps(post, ensure_ascii=False) + "\n").encode())
        os.fsync(self._file)
        self._take(post)
        return receipt

    def close(self) -> None:
        """Close the log."""
        os.close(self._file)

    def _take(self, post: dict[str, Any]) -> None:
        self.raw_posts += 1
        if post["id"] in self.receipts:
            return
        self.receipts[post["id"]] = post["receipt"]
        ticket_id, sequence = str(post["subject"]), int(post["sequence"])
        if sequence <= self.last_seq.get(ticket_id, 0):
            self.out_of_order.append(post["id"])
        else:
            self.tickets[ticket_id] = post["data"]["ticket"]
        self.last_seq[ticket_id] = max(sequence, self.last_seq.get(ticket_id, 0))


class CaseSystem:
    """The receiver. Faults are for tests: a share of posts refused before or after they are taken, and slowness."""

    def __init__(
        self, *, secret: str, log: Path, fail_rate: float = 0.0, lost_rate: float = 0.0, delay_s: float = 0.0
    ) -> None:
        """``fail_rate`` answers 503 untaken, ``lost_rate`` takes the event and drops the connection."""
        self.ledger = Ledger(log)
        self.fail_rate = fail_rate
        self.lost_rate = lost_rate
        self.delay_s = delay_s
        self.bad_signatures = 0
        self._secret = secret.encode()
        self._random = random.Random()  # noqa: S311 - faults, not secrets
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; the URL to configure as the feed's ``url``."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/events", self._post)
        app.router.add_get("/summary", self._summary)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]
        return f"http://{host}:{self.port}/events"

    async def stop(self) -> None:
        """Stop listening and close the log."""
        if self._runner is not None:
            await self._runner.cleanup()
        self.ledger.close()

    def summary(self) -> dict[str, Any]:
        """Figures for people and tests."""
        return {
            "raw_posts": self.ledger.raw_posts,
            "events": len(self.ledger.receipts),
            "tickets": len(self.ledger.last_seq),
            "out_of_order": len(self.ledger.out_of_order),
            "bad_signatures": self.bad_signatures,
        }

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not signed(self._secret, body, request.headers.get("X-Gateway-Signature", "")):
            self.bad_signatures += 1
            return web.json_response({"error": "bad signature"}, status=401)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self._random.random() < self.fail_rate:
            return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "1"})
        event = json.loads(body)
        receipt = self.ledger.receive(event)
        if self._random.random() < self.lost_rate and request.transport is not None:
            request.transport.close()
        return web.json_response({"receipt": receipt, "ticket_id": event["subject"]})

    async def _summary(self, _request: web.Request) -> web.Response:
        return web.json_response(self.summary())


def signed(secret: bytes, body: bytes, header: str, now: float | None = None) -> bool:
    """Whether ``header`` (``t=<unix>,v1=<hex>``, one ``v1`` a secret of the sender's) signs ``body`` and is fresh."""
    parts = [part.split("=", 1) for part in header.split(",") if "=" in part]
    stamp = dict(parts).get("t", "")
    if not stamp.isdecimal() or abs((time.time() if now is None else now) - int(stamp)) > MAX_SKEW_S:
        return False
    expected = hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(expected.encode(), mac.encode()) for name, mac in parts)


async def _serve(args: argparse.Namespace) -> None:
    secret = args.secret or args.secret_file.read_text(encoding="utf-8").strip()
    case_system = CaseSystem(
        secret=secret, log=args.log, fail_rate=args.fail_rate, lost_rate=args.lost_rate, delay_s=args.delay
    )
    print(await case_system.start(args.host, args.port), flush=True)
    try:
        while True:
            before = case_system.summary()
            await asyncio.sleep(1.0)
            if case_system.summary() != before:
                print(json.dumps(case_system.summary()), file=sys.stderr, flush=True)
    finally:
        await case_system.stop()


def main() -> int:
    """Receive until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 = a free one; the URL is printed first")
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--secret", help="the feed's secret")
    secret.add_argument("--secret-file", type=Path, help="a file that holds it, out of sight of other users' `ps`")
    parser.add_argument("--log", type=Path, default=Path("cases.jsonl"))
    parser.add_argument("--fail-rate", type=float, default=0.0, help="share of posts answered 503")
    parser.add_argument("--lost-rate", type=float, default=0.0, help="share of answers lost after the event was taken")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    try:
        asyncio.run(_serve(parser.parse_args()))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
