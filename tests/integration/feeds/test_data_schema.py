"""A receiver fetches the schema that a CloudEvent names, from the gateway that has sent it, and checks what it got."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import jsonschema_rs
import pytest

from scripts.case_system import CaseSystem
from tests.support.running import RunningGateway
from tests.support.waiting import until

pytestmark = pytest.mark.integration
SECRET = "0123456789abcdef"
PUBLIC = "https://12345.example"
CONTACT = {"source": {"name": "cityapp", "event_id": "e1"}, "content": "龙华区路灯坏了"}


async def test_what_is_sent_is_as_its_schema_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HTTP__PUBLIC_URL", PUBLIC)
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "cases.jsonl")
    url = await receiver.start()
    feed = f'[[feed]]\nid = "cases"\nkind = "webhook"\nurl = "{url}"\nsecret = "{SECRET}"\n'
    try:
        with RunningGateway(tmp_path / "gateway", tables=feed) as gateway:
            assert gateway.request("POST", "/api/v1/contacts", CONTACT)[0] == 201
            await until(lambda: receiver.summary()["events"] > 1, "the contact's events")
            async with aiohttp.ClientSession() as http:
                for post in receiver.ledger.posts():
                    address = post["dataschema"]
                    assert address.startswith(f"{PUBLIC}/")
                    async with http.get(address.replace(PUBLIC, gateway.url)) as answer:
                        schema = await answer.json(content_type=None)
                    assert schema["$id"] == address
                    jsonschema_rs.Draft202012Validator(schema).validate(post["data"])
    finally:
        await receiver.stop()
