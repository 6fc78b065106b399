"""Telegram: updates by webhook."""

from __future__ import annotations

import json
import time
from dataclasses import replace

from gateway.cli.simulators.base import HookProvider, SimulatedPost

_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_FIRST_PERSON = 700_000_000
_RUNS = 1_000_000


class Telegram(HookProvider):
    """The Bot API's side; needs ``secret_token``."""

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """An update with a private message."""
        who = {"id": _FIRST_PERSON + person, "is_bot": False, "first_name": f"市民{person}"}
        message = {
            "message_id": number,
            "from": who,
            "chat": {"id": who["id"], "type": "private", "first_name": who["first_name"]},
            "date": self.target.run + number // 1000,
            "text": text,
        }
        update = {"update_id": self.target.run % _RUNS * 1000 + number, "message": message}
        headers = {"Content-Type": "application/json", _HEADER: self.target.option("secret_token")}
        return SimulatedPost(url=self.target.hook, body=json.dumps(update).encode(), headers=headers)

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """A wrong secret token."""
        return replace(delivery, headers={**delivery.headers, _HEADER: f"forged-{time.time_ns()}"})
