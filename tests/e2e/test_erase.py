"""Two people are in touch in every way with a whole gateway; one is erased beside its running processes."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from gateway.storage.database import open_database
from tests.contract.erasure.person import Somebody, dump, files_holding, holding
from tests.support.attacks import CHANNELS, Attacker
from tests.support.command import ROOT
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e
ZHANG = Somebody("张卫国", "+8613876543210", "oZhangsAccount", "我家楼下的烧烤摊半夜还在吵")
LI = Somebody("李秀英", "+8613912345678", "oLisAccount", "解放路口的红绿灯坏了三天")
PICTURE = b"\xff\xd8\xff\xe0 a picture of "
TALKED = ("tickets", "interactions", "segments", "messages", "threads", "identities", "callbacks", "refused_calls")


@pytest.fixture(params=["sqlite", "postgresql"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningGateway]:
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = f'[database]\nurl = "{asyncio.run(server.create("erase"))}"\n'
    quick = "[conversations]\nidle_close_s = 1\n"
    feed = f"""
[[feed]]
id = "cases"
kind = "webhook"
url = "http://127.0.0.1:{free_port()}/"
secret = "a secret of the cases"
[[feed]]
id = "bus"
kind = "stream"
"""
    with RunningGateway(tmp_path, tables=url + quick + CHANNELS + feed) as running:
        yield running


async def in_touch(gateway: RunningGateway, who: Somebody, nth: int = 1) -> None:
    """An app's contact with a file, a text message, WeChat, and the web chat with a picture; for the ``nth`` time."""
    said = f"{who.words}，我叫{who.name}，电话{who.spoken}"
    async with aiohttp.ClientSession() as http:
        one = Attacker(gateway.url, http, contacts_token=gateway.token, count=int(who.national[-4:]) * nth)
        form = aiohttp.FormData()
        requester = {"phone": who.phone, "name": who.name}
        event = {"name": "app", "event_id": f"app-{who.national}-{nth}"}
        body = {"source": event, "content": said, "requester": requester}
        form.add_field("contact", json.dumps(body), content_type="application/json")
        form.add_field("photo", io.BytesIO(PICTURE + who.name.encode()), filename=f"{who.name}.jpg")
        assert (await one.ask("POST", "/api/v1/contacts", gateway.token, data=form))[0] == 201
        sms = {
            "phone_number": who.national,
            "content": said,
            "dest_code": "12345",
            "sequence_id": f"{nth}{who.national[-5:]}",
        }
        sent = json.dumps([sms | {"send_time": "2026-11-23 09:00:00"}], ensure_ascii=False).encode()
        assert await one.sms_body(sent) == 200
        xml = (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{who.account}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType>text</MsgType><Content>{said}</Content>"
            f"<MsgId>{one.next()}</MsgId></xml>"
        )
        assert await one.wechat(xml) == 200
        session = await one.session()
        assert await one.chat([said], token=session) == [200]
        query = urlencode({"id": f"upload-{one.next():06d}", "kind": "image", "name": f"{who.name}.jpg"})
        content = PICTURE + who.name.encode()
        assert (await one.ask("POST", f"/chat/web/files?{query}", session, data=content))[0] == 200


def calls(gateway: RunningGateway, *people: Somebody) -> None:
    """They call at the same time and hang up in the middle, so that each is owed a call."""
    wav = str(ROOT / "demo" / "street_lamp.wav")
    line = ["call", "--to", gateway.sip_uri, "--wav", wav, "--hangup-after", "4", "--config", str(gateway.config)]
    running = [
        subprocess.Popen(gateway.command(*line, "--from", who.national), cwd=ROOT, stdout=subprocess.DEVNULL)
        for who in people
    ]
    assert [one.wait(60) for one in running] == [0] * len(people)


def records(gateway: RunningGateway, who: Somebody) -> list[dict[str, Any]]:
    """Whole records that say who it was, when all of them are over."""

    def find() -> list[dict[str, Any]] | None:
        items = [item for item in gateway.tickets() if any(needle in repr(item) for needle in who.needles)]
        over = all(one["ended_at"] for item in items for one in item["interactions"])
        return items if len(items) == 5 and over else None

    found: list[dict[str, Any]] = eventually(find, within_s=60, what="their five tickets, over")
    return found


def noted(gateway: RunningGateway, who: Somebody) -> None:
    """People at the desk write down what they were told: the matter is settled."""
    for task in gateway.get("/api/v1/callbacks")["items"]:
        if task["phone"] == who.phone:
            note = {"reason": f"{who.name}说：{who.words}"}
            path = f"/api/v1/callbacks/{task['callback_id']}/actions/cancel"
            assert gateway.request("POST", path, note)[0] == 200
    for record in records(gateway, who):
        body = {"requester": {"name": who.name}, "demand": {"title": who.words[:20]}}
        headers = {"If-Match": f'"{record["version"]}"'}
        status, _, answer = gateway.request("PATCH", f"/api/v1/tickets/{record['ticket_id']}", body, headers=headers)
        assert status == 200, answer
        headers = {"If-Match": f'"{json.loads(answer)["version"]}"'}
        path = f"/api/v1/tickets/{record['ticket_id']}/actions/withdraw"
        status, _, answer = gateway.request("POST", path, {"reason": "settled"}, headers=headers)
        assert status == 200, answer


def stored(gateway: RunningGateway) -> dict[str, list[dict[str, Any]]]:
    async def read() -> dict[str, list[dict[str, Any]]]:
        from gateway.settings import load

        settings = load(gateway.config)
        database = await open_database(
            settings.database_url, data_dir=gateway.data, zone=ZoneInfo("Asia/Shanghai"), migrate=False
        )
        try:
            return await dump(database)
        finally:
            await database.aclose()

    return asyncio.run(read())


def test_one_of_two_people_is_erased(gateway: RunningGateway) -> None:
    for who in (ZHANG, LI):
        asyncio.run(in_touch(gateway, who))
    calls(gateway, ZHANG, LI)
    for who in (ZHANG, LI):
        records(gateway, who)
        noted(gateway, who)
    theirs, others = records(gateway, ZHANG), records(gateway, LI)
    before = stored(gateway)
    assert {name for name, _ in holding(before, ZHANG)} >= {*TALKED} - {"segments", "refused_calls"}
    assert {"traces", "attachments"} <= {name.partition("/")[0] for name in files_holding(gateway.data, ZHANG)}
    recorded = list((gateway.data / "recordings").rglob("*.wav"))
    assert len(recorded) == 2

    people = sorted({record["requester"]["requester_id"] for record in theirs})
    for requester_id in people:
        told = json.loads(gateway.cli("erase", "--requester", requester_id, "--json"))
        assert told["tickets"] >= 1

    after = stored(gateway)
    assert holding(after, ZHANG) == []
    assert files_holding(gateway.data, ZHANG) == []
    assert files_holding(gateway.folder, ZHANG) == [], "nor in its log"
    assert [path for path in recorded if path.exists()] == list((gateway.data / "recordings").rglob("*.wav"))
    assert len([path for path in recorded if path.exists()]) == 1
    numbered = {row["event_seq"]: row for row in after["events"]}
    assert [numbered[row["event_seq"]] for row in before["events"]] == before["events"]
    own = {
        row["interaction_id"] for row in before["interactions"] if row["ticket_id"] in {r["ticket_id"] for r in others}
    }
    for name in TALKED:
        mine = [
            row for row in before[name] if row.get("interaction_id") in own or any(n in repr(row) for n in LI.needles)
        ]
        assert all(row in after[name] for row in mine), name
    for record in theirs:
        left = gateway.get(f"/api/v1/tickets/{record['ticket_id']}")
        assert left["erased_at"] is not None
        assert (left["status"], left["empty"], left["created_at"]) == (
            record["status"],
            record["empty"],
            record["created_at"],
        )
        for one in left["attachments"]:
            assert gateway.request("GET", f"/api/v1/attachments/{one['attachment_id']}")[0] == 410
    trail = gateway.get("/api/v1/audit?what=erase")["items"]
    assert {one["ticket_id"] for one in trail} >= {record["ticket_id"] for record in theirs}
    assert len(records(gateway, LI)) == 5

    asyncio.run(in_touch(gateway, ZHANG))
    taken = [item for item in gateway.tickets() if ZHANG.words in repr(item)]
    assert {item["channel"] for item in taken} == {"platform", "webchat"}, "a provider that delivers again is known"
    asyncio.run(in_touch(gateway, ZHANG, 2))
    again = [item for item in gateway.tickets() if ZHANG.words in repr(item)]
    assert {item["channel"] for item in again} == {"platform", "sms", "wechat", "webchat"}, "heard as anybody else"
    assert not {item["requester"]["requester_id"] for item in again} & set(people)
