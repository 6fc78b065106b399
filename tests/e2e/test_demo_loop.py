"""What `make demo` shows after its call, on a whole gateway: each step is so in the record, not only in print."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import demo_loop
from scripts.demo_config import written_channels
from scripts.demo_loop import Account, City
from scripts.demo_people import Api, SmsProvider
from tests.support.command import ROOT
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e
CALLER, PASSWORD, KEY = "13876543210", "seven green lanterns 58", "a-key-of-the-demo-0123456789"
SAID = "你好，我在龙华区国贸大道，这里的路灯坏了，晚上很黑，请派人来修一下。"


@pytest.fixture
def sms() -> Iterator[SmsProvider]:
    provider = SmsProvider("")
    yield provider
    provider.close()


def city_of(gateway: RunningGateway, sms: SmsProvider, people: list[Account]) -> City:
    sms.hook = f"{gateway.url}/hooks/sms/{KEY}"

    def person_of(unit: str) -> Account:
        people.append(Account(unit=unit, username="demo-unit", name="李工", password=PASSWORD))
        who = ("--username", "demo-unit", "--name", "李工", "--role", "unit", "--unit", unit, "--password-stdin")
        argv = gateway.command("users", "add", *who, "--config", str(gateway.config))
        subprocess.run(argv, cwd=ROOT, input=PASSWORD, text=True, check=True, capture_output=True)
        return people[-1]

    return City(
        base=gateway.url,
        desk=Api(gateway.url, gateway.token),
        sms=sms,
        caller=CALLER,
        person_of=person_of,
        wait_for=lambda what, found: eventually(found, what=what),
    )


def test_a_call_is_dispatched_signed_answered_heard_judged_and_archived(tmp_path: Path, sms: SmsProvider) -> None:
    people: list[Account] = []
    with RunningGateway(tmp_path, tables=written_channels(sms.url, KEY, wechat_port=free_port())) as gateway:
        city = city_of(gateway, sms, people)
        contact = {"source": {"name": "city", "event_id": "1"}, "content": SAID, "requester": {"phone": CALLER}}
        ticket_id = city.desk.post("/api/v1/contacts", contact)["ticket_id"]
        rows = list(demo_loop.whole_loop(city, ticket_id))
        record = city.desk.get(f"/api/v1/tickets/{ticket_id}")
        kinds = [one["type"] for one in city.desk.get(f"/api/v1/tickets/{ticket_id}/events")["items"]]
        (merged_id,) = record["related"]["merged_ids"]
        neighbour = city.desk.get(f"/api/v1/tickets/{merged_id}")
        inbox = Api(gateway.url)
        assert inbox.sign_in("demo-unit", PASSWORD)["unit"] == "M07"
        done = inbox.get("/api/v1/unit/tasks?open=false")["items"]

    told = dict(rows)
    assert "M07" in told["派单 / dispatched"]
    (step,) = record["handling"]["routing_trace"]
    assert (step["stage"], step["rule"], step["units"]) == ("function", "named", ["M07"])
    (task,) = record["handling"]["units"]
    assert (task["unit"], task["status"], [one["task_id"] for one in done]) == ("M07", "accepted", [task["task_id"]])
    assert people[0].name in told["签收 / signed"]
    clocks = {one["kind"]: one for one in record["handling"]["clocks"]}
    assert clocks["sign"]["met_at"] == task["signed_at"]
    assert clocks["reply"]["met_at"] is not None
    for one, way, channel in ((record, "sms", "sms"), (neighbour, "channel", "webchat")):
        (reply,) = one["handling"]["replies"]
        (judged,) = one["outcome"]["evaluations"]
        assert (reply["way"], judged["channel"], judged["satisfied"]) == (way, channel, demo_loop.SCORES[channel])
        assert (judged["reply_id"], judged["score"]) == (reply["reply_id"], "first")
        assert one["outcome"]["public_reply"] == demo_loop.REPLY
    assert (record["handling"]["replies"][0]["state"], record["status"]) == ("delivered", "archived")
    assert neighbour["related"]["merged_into"] == ticket_id
    way = ["task.offered", "task.signed", "task.replied", "case.replied", "reply.sent", "ticket.rated", "case.archived"]
    assert [kind for kind in kinds if kind in way] == way
