"""Web chat: sessions and messages as the widget's POST fallback sends them."""

from __future__ import annotations

import json
from dataclasses import replace

import aiohttp

from gateway.cli.simulators.base import Destination, HookProvider, NotNow, SimulatedPost


class Webchat(HookProvider):
    """Browsers; nothing is needed, but the channel must not ask for a proof of work."""

    def __init__(self, target: Destination) -> None:
        super().__init__(target)
        self._tokens: dict[int, str] = {}

    async def enter(self, http: aiohttp.ClientSession, person: int) -> None:
        """Open a session, once a person."""
        if person in self._tokens:
            return
        async with http.post(f"{self.target.base}/chat/{self.target.channel_id}/session", json={}) as answer:
            found = await answer.json(content_type=None)
            if answer.status not in {200, 201}:
                failure = NotNow if answer.status in {429, 503} else ValueError
                raise failure(f"no session: HTTP {answer.status} {found.get('detail', '')}")
            self._tokens[person] = found["token"]

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """One text frame."""
        frame = {"t": "text", "id": f"sim-{self.target.run}-{number}", "text": text}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._tokens[person]}"}
        url = f"{self.target.base}/chat/{self.target.channel_id}/messages"
        return SimulatedPost(url=url, body=json.dumps(frame).encode(), headers=headers)

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """A message with a wrong token."""
        return replace(delivery, headers={**delivery.headers, "Authorization": f"Bearer {'x' * 43}"})
