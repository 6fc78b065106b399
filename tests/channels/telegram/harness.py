"""Telegram under the contract of all channels: a bot by webhook and by polling, on a Bot API server of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from channels.telegram import SPEC
from gateway.ports.message import Sent
from tests.channels.telegram.bot_api import BotApiServer
from tests.channels.telegram.shapes import DATE, SECRET, TOKEN, message
from tests.contract.channels.harness import BaseHarness, Said


def update(said: Said) -> dict[str, Any]:
    """What Telegram makes of a person's text."""
    person = 1_000 + said.sender
    user = {"id": person, "is_bot": False, "first_name": "市民", "last_name": str(person)}
    chat = {"id": person, "type": "private", "first_name": "市民"}
    found = message(said.number, message_id=said.number, date=DATE + said.number, text=said.text)
    found["message"] |= {"from": user, "chat": chat}
    return found


class Harness(BaseHarness):
    """By webhook."""

    spec = SPEC
    longest_text: ClassVar[int] = 4096
    not_applicable: ClassVar[Mapping[str, str]] = {"receipt": "the Bot API has no delivery receipts"}

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.server = BotApiServer(TOKEN)
        self.limits: dict[str, Any] = {}

    @property
    def table(self) -> Mapping[str, Any]:
        return {"token": TOKEN, "secret_token": SECRET, "base_url": self.server.url, **self.limits}

    @property
    def channel(self) -> Any:
        return super().channel

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/{self.channel_id}"

    async def open(self) -> None:
        await super().open()
        await self.server.open()

    async def close(self) -> None:
        await super().close()
        await self.server.close()

    async def deliver(self, said: Said) -> bool:
        return 200 <= await self.server.push(self.hook, update(said), secret=SECRET) < 300

    async def forge(self, said: Said) -> bool:
        return 200 <= await self.server.push(self.hook, update(said), secret=SECRET[:-1] + "X") < 300

    def person(self, sender: int) -> str:
        return str(1_000 + sender)

    def sent(self) -> list[tuple[str, str]]:
        joined: dict[str, str] = {}
        for call in self.server.of("sendMessage"):
            joined[call["chat_id"]] = joined.get(call["chat_id"], "") + call["text"]
        return list(joined.items())

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        raise NotImplementedError

    def throttle(self, retry_after_s: float) -> None:
        seconds = int(retry_after_s)
        description = f"Too Many Requests: retry after {seconds}"
        self.server.fail("sendMessage", 429, description, retry_after=seconds)

    def refuse(self) -> None:
        self.server.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")


class PollingHarness(Harness):
    """By getUpdates: acknowledged is what the next question's offset has passed."""

    not_applicable: ClassVar[Mapping[str, str]] = Harness.not_applicable | {
        "forgery": "polling takes what our own questions to the Bot API are answered with; nobody else can deliver",
    }

    @property
    def table(self) -> Mapping[str, Any]:
        return {"token": TOKEN, "mode": "polling", "base_url": self.server.url, "poll_timeout_s": 1}

    async def deliver(self, said: Said) -> bool:
        found = update(said)
        self.server.put(found)
        asked, store_failed = self.server.asked, self.house.failure is not None
        async with asyncio.timeout(10):
            while found in self.server.updates:
                if store_failed and self.server.asked > asked + 1:
                    self.server.updates.remove(found)
                    return False
                await asyncio.sleep(0.01)
        return True

    async def stop(self) -> None:
        await super().stop()
        self.server.let_go()

    async def forge(self, said: Said) -> bool:
        raise NotImplementedError

    async def drop(self) -> None:
        self.server.fail("getUpdates", 502, "Bad Gateway")


HARNESSES = {"webhook": Harness, "polling": PollingHarness}
