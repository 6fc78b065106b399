"""Somebody writes in the web chat of a whole gateway: a ticket, answers, and nothing lost when the process dies."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RunningGateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e
CHANNELS = """
[[channel]]
id = "web"
kind = "webchat"
"""


def post(gateway: RunningGateway, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    request = urllib.request.Request(
        f"{gateway.url}/chat/web/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def test_words_become_a_ticket_and_survive_a_crash(tmp_path: Path) -> None:
    with RunningGateway(tmp_path, tables=CHANNELS) as gateway:
        status, headers, script = gateway.request("GET", "/static/widget.js", token="")
        assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert b"hotline-chat" in script
        token = post(gateway, "session", {})["token"]
        post(gateway, "messages", {"t": "text", "id": "first-message", "text": "小区门口的路灯不亮"}, token)
        gateway.kill("web+worker")
        gateway.wait_ready()
        again = eventually(
            lambda: post(gateway, "messages", {"t": "text", "id": "first-message", "text": "小区门口的路灯不亮"}, token)
        )
        assert again
        post(gateway, "messages", {"t": "text", "id": "second-message", "text": "龙华区国贸路10号"}, token)
        (item,) = eventually(lambda: gateway.get("/api/v1/tickets")["items"])
        record = gateway.get(f"/api/v1/tickets/{item['ticket_id']}")
        (interaction,) = record["interactions"]
        said = [m["text"] for m in interaction["messages"] if m["direction"] == "inbound"]
        assert said == ["小区门口的路灯不亮", "龙华区国贸路10号"]
        assert record["place"]["address"] == "龙华区国贸路10号"

        def all_sent() -> bool:
            whole = gateway.get(f"/api/v1/tickets/{item['ticket_id']}")
            messages = whole["interactions"][0]["messages"]
            states = [m["delivery"] for m in messages if m["direction"] == "outbound"]
            return len(states) == 2 and not set(states) - {"sent", "delivered", "read"}

        eventually(all_sent, what="both answers sent")
        health = {c["channel_id"]: c for c in gateway.get("/api/v1/channels")["items"]}
        assert (health["web"]["kind"], health["web"]["ready"]) == ("webchat", True)
        assert health["web"]["inbound"] >= 1
        assert health["hotline"]["running"] is True
