"""One running gateway to which everything happens: what is told of each fault, and that nothing is lost by any."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from tests.integration.faults.outside import Receivers
from tests.integration.faults.table import BY_NAME
from tests.integration.faults.told import (
    JSON_LOG,
    Line,
    examined,
    health,
    is_over,
    logged,
    ringing,
    rings,
    told_by_doctor,
)
from tests.support.ports import free_port
from tests.support.postgres import postgres_server
from tests.support.running import RunningGateway
from tests.support.valkey import RunningValkey
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
AT_ONCE = (
    "dead models",
    "clock jump",
    "wrong secret",
    "wrong URL",
    "expired certificate",
    "receiver down with 20,000 events waiting",
    "revoked token",
    "Valkey gone",
)
HEALED = tuple(name for name in AT_ONCE if name != "dead models")
"""Here nobody brings a model."""
FEEDS = ("secret", "address", "certificate", "down")
FEED = """
[[feed]]
id = "{feed}"
kind = "webhook"
url = "{url}"
secret = "a secret of this test"
"""
TABLES = """
[database]
url = "{database}"
[redis]
url = "{redis}"
[[channel]]
id = "bot"
kind = "telegram"
mode = "polling"
token = "1234567:a-token-of-this-test-that-was-revoked"
base_url = "{provider}"
"""
CLOCK = """CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
AS $$ SELECT pg_catalog.clock_timestamp() + interval '{ahead_s} s' $$"""


class Night:
    """The gateway, everybody around it, and what they were told was accepted."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """What is opened is closed by ``stack``."""
        self.postgres = stack.enter_context(postgres_server())
        self.valkey = RunningValkey(folder / "valkey")
        stack.callback(lambda: self.valkey.process and self.valkey.kill())
        self.outside = Receivers(folder / "ca", stack)
        database = asyncio.run(self.postgres.create("g"))
        self._sql("ALTER DATABASE g SET search_path = public, pg_catalog")
        self.set_clock(ahead_s=3600)
        tables = TABLES.format(database=database, redis=self.valkey.server.url, provider=self.outside.plain.url)
        tables += JSON_LOG + "".join(FEED.format(feed=feed, url=url) for feed, url in self.outside.urls.items())
        self.gateway = RunningGateway(folder, asr_workers=1, asr_url=f"ws://127.0.0.1:{free_port()}", tables=tables)
        self.accepted: dict[str, str] = {}
        """Ticket number by the key of the contact."""
        self._keys = (f"contact-{n}" for n in count())

    def post(self, key: str = "") -> tuple[int, dict[str, str]]:
        """Hand a contact in; status and headers. What is answered 201 was accepted."""
        key = key or next(self._keys)
        contact = {"source": {"name": "night", "event_id": key}, "content": f"路灯不亮 {key}"}
        status, headers, body = self.gateway.request(
            "POST", "/api/v1/contacts", contact, headers={"Idempotency-Key": key}
        )
        if status in {200, 201}:
            self.accepted[key] = json.loads(body)["ticket_no"]
        return status, headers

    def set_clock(self, *, ahead_s: float) -> None:
        """The database's clock leaps; that of this machine belongs to others, too."""
        self._sql(CLOCK.format(ahead_s=ahead_s))

    def heal(self) -> None:
        """Everything that can be put right without touching the gateway is."""
        self.outside.mend()
        asyncio.run(self.valkey.start())
        self.set_clock(ahead_s=0)

    def _sql(self, statement: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(host="127.0.0.1", port=self.postgres.port, user="gateway", database="g")
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("night")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        one = Night(folder, stack)
        patch.setenv("SSL_CERT_FILE", str(one.outside.ca_file))
        patch.setenv("GATEWAY_MODELS_DIR", str(folder / "models"))
        with one.gateway:
            for _ in range(10):
                assert one.post()[0] == 201
            yield one


@pytest.fixture(scope="module")
def doctor(night: Night) -> list[Line]:
    """What the doctor says while everything is broken."""
    for name in AT_ONCE:
        rings(night.gateway, BY_NAME[name])
    return examined(night.gateway, "--providers", "alarms", "models", "sql", "redis", "provider")


@pytest.mark.parametrize("name", AT_ONCE)
def test_each_fault_is_told(night: Night, doctor: list[Line], name: str) -> None:
    fault = BY_NAME[name]
    rings(night.gateway, fault)
    assert told_by_doctor(doctor, fault), [line for line in doctor if line["name"] == fault.doctor]
    status, told = health(night.gateway)
    assert (status, told["status"]) == (200, "ready"), "people get through"


@pytest.fixture(scope="module")
def healed(night: Night, doctor: list[Line]) -> Night:
    assert doctor, "it was looked at while everything was broken"
    assert night.post()[0] == 201
    night.heal()
    return night


@pytest.mark.parametrize("name", HEALED)
def test_each_is_over_when_it_is_put_right(healed: Night, name: str) -> None:
    is_over(healed.gateway, BY_NAME[name])


def test_sql_that_is_gone_is_told_and_what_was_refused_is_taken_afterwards(healed: Night) -> None:
    fault, gateway = BY_NAME["SQL gone"], healed.gateway
    healed.postgres.stop()
    try:
        status, headers = healed.post("while-it-is-away")
        assert status == 503
        assert int(headers["Retry-After"]) > 0
        rings(gateway, fault)
        status, told = health(gateway)
        assert (status, told["status"], told["parts"]["sql"]) == (503, "not_ready", False)
        assert told_by_doctor(examined(gateway, "alarms", "sql"), fault)
    finally:
        healed.postgres.start()
    eventually(lambda: health(gateway)[0] == 200, what="ready again")
    is_over(gateway, fault)
    assert healed.post("while-it-is-away")[0] == 201


def test_nothing_was_lost_and_nothing_came_twice(healed: Night) -> None:
    """Of contacts: what was accepted, once. Of events: all, each once, each ticket's in order, at each receiver."""
    assert healed.post()[0] == 201
    tickets = {ticket["ticket_no"]: ticket["ticket_id"] for ticket in healed.gateway.tickets()}
    assert set(healed.accepted.values()) == set(tickets)
    assert len(set(healed.accepted.values())) == len(healed.accepted)

    def everywhere() -> bool:
        got = [healed.outside.got(feed) for feed in FEEDS]
        same = len({frozenset(event["id"] for event in events) for events in got}) == 1
        return same and {event["subject"] for event in got[0]} == set(tickets.values())

    eventually(everywhere, what="every event of every ticket at each receiver")
    for feed in FEEDS:
        events = healed.outside.got(feed)
        assert max(Counter(event["id"] for event in events).values()) == 1
        by_ticket: dict[str, list[int]] = defaultdict(list)
        for event in events:
            by_ticket[event["subject"]].append(int(event["sequence"]))
        assert all(sequence == sorted(sequence) for sequence in by_ticket.values())
    assert not logged(healed.gateway, "dead_letter")
    assert not {name for name, _ in ringing(healed.gateway)} & {"feed_dead", "feed_held", "valkey_down", "part_down"}
