"""A platform and a whole gateway: a contact by API, a conversation by hook, answers by call-back, Open311 beside."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.platform.harness import SECRET, sign
from tests.support.running import RunningGateway
from tests.support.servers import Asked, ThreadedServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e


class Platform(ThreadedServer):
    """Takes call-backs whose signature fits."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.taken: list[dict[str, Any]] = []

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        header = asked.headers["X-Gateway-Signature"]
        if header != sign(asked.body, at=int(header.partition(",")[0].removeprefix("t="))):
            return 403, b""
        self.taken.append(json.loads(asked.body))
        return 200, b""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as opened:
        yield opened


def post(gateway: RunningGateway, path: str, body: Any) -> tuple[int, Any]:
    raw = json.dumps(body).encode()
    status, _, answer = gateway.request(
        "POST", path, body, token="", headers={"X-Gateway-Signature": sign(raw, at=time.time())}
    )
    return status, json.loads(answer)


def test_contact_conversation_status_and_open311(tmp_path: Path, platform: Platform) -> None:
    table = f"""[[channel]]
id = "cloud"
kind = "platform"
source = "ycsmy"
secret = "{SECRET}"
callback_url = "{platform.url}/"
"""
    with RunningGateway(tmp_path, tables=table) as gateway:
        contact = {"source": {"name": "ycsmy", "event_id": "c-1"}, "content": "路灯坏了"}
        status, made = post(gateway, "/api/v1/contacts", contact)
        assert status == 201, made
        assert post(gateway, "/hooks/cloud", contact) == (200, made)
        signed = sign(b"GET /api/v1/contacts/ycsmy/c-1")
        status, _, told = gateway.request(
            "GET", "/api/v1/contacts/ycsmy/c-1", token="", headers={"X-Gateway-Signature": signed}
        )
        assert (status, json.loads(told)["ticket_no"]) == (200, made["ticket_no"])

        status, begun = post(gateway, "/hooks/cloud", {"event_id": "m-1", "sender": "u-7", "text": "路灯不亮，要投诉"})
        assert status == 201, begun
        answer = eventually(lambda: platform.taken, what="the call-back")[0]
        assert (answer["type"], answer["recipient"]) == ("message", "u-7")
        assert begun["ticket_no"][-7:] in answer["text"]

        form = {"api_key": gateway.token, "service_code": "streetlight", "lat": "20.04", "long": "110.2"}
        request = urllib.request.Request(
            f"{gateway.url}/open311/v2/requests.json", data=urllib.parse.urlencode(form).encode()
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            number = json.load(response)[0]["service_request_id"]
        (read,) = gateway.get(f"/open311/v2/requests/{number}.json?jurisdiction_id=haikou.gov.cn", token="")
        assert read["service_name"] == "路灯不亮"
        assert len(list(gateway.tickets())) == 3
