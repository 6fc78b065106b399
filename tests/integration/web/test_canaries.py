"""A record full of canaries, walked through every view: none of them is heard where who asks may not hear it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.cli.prefill_export import training_row
from gateway.domain import masking
from gateway.domain.callback import NewCallback
from gateway.domain.case.case import Offer
from gateway.domain.form import Routing
from gateway.domain.guess import Guess, Mention
from gateway.domain.ids import new_ulid
from gateway.domain.keys import Identity
from gateway.domain.messages import NewMessage
from gateway.domain.task_status import Role, TaskVerb
from gateway.domain.transcript import NewSegment
from gateway.web.services import Limits
from tests.integration.open311.conftest import CITY
from tests.support.change import Change, NewEvent, NewInteraction, NewRequester, NewTicket
from tests.support.units import UnitPerson, person_of
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration
NAMES = st.text(alphabet="鑫淼焱垚犇骉羴猋麤鱻", min_size=2, max_size=3).map(lambda given: f"张{given}")
PHONES = st.integers(40_000_000, 99_999_999).map(lambda n: f"139{n:08}")
"""None of whose ends stands in the number of a ticket, such as 202611300000001."""
WORDS = st.text(alphabet="qxzjvk", min_size=8, max_size=12)
LISTS = {"/api/v1/tickets?limit=1000", "/api/v1/callbacks", "stream"}
LISTS |= {"/api/v1/unit/tasks", "/api/v1/unit/tasks?open=false"}
"""Views that hold what others told as well, of whom the ends of a number are shown."""
WISHES = st.sampled_from([None, "secret", "anonymous"])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    limits = Limits(requests_per_s=1e6, failures_per_s=1e6)
    async with web_house(tmp_path, open311=CITY, limits=limits) as opened:
        yield opened


@pytest.fixture
async def unit(house: WebHouse) -> AsyncIterator[UnitPerson]:
    async with person_of(house, "M02") as person:
        yield person


def ticket(house: WebHouse, canaries: dict[str, str], wish: str | None) -> Change:
    name, other, phone, second = (canaries[key] for key in ("name", "other", "phone", "second"))
    account, mail = canaries["account"], f"{canaries['mail']}@{canaries['host']}.cn"
    said = f"路灯坏了，我叫{name}，电话{phone}，邮箱{mail}，投诉{other}"
    at = house.clock.now()
    spans = {word: (said.index(word), said.index(word) + len(word)) for word in (name, other, phone)}
    wishes = {wish: True} if wish else {}
    return Change(
        new_ticket=NewTicket(
            ticket_id=new_ulid(),
            created_at=at,
            line="citizen",
            channel="open311",
            channel_id="web",
            source_name="app",
            source_event_id=f"sms-{phone}",
            requester=NewRequester(
                identities=(Identity(kind="phone", value=f"+86{phone}"), Identity(kind="openid", value=account)),
                fields={
                    "name": name,
                    "phone": f"+86{phone}",
                    "callback_phone": f"+86{second}",
                    "labels": [f"又是{name}"],
                    **wishes,
                },
            ),
            fields={
                ("demand", "content"): said,
                ("demand", "title"): f"{name}的路灯",
                ("demand", "urgency"): {"level": "urgent", "reason": f"{name}说急"},
                ("demand", "complained_about"): {"name": other, "phone": second},
                ("place", "address"): f"民治大道，找{name}",
                ("outcome", "public_reply"): f"已联系{name} {phone} {mail}",
                ("outcome", "evaluation"): {"channel": "sms", "satisfied": 5, "comment": f"{other}态度好"},
            },
        ),
        new_interaction=NewInteraction(
            interaction_id=new_ulid(),
            channel="open311",
            channel_id="web",
            direction="inbound",
            started_at=at,
            external_id=f"conversation:{account}",
            from_raw=f'"{name}" <sip:{phone}@{canaries["host"]}.cn>',
            to_raw=f"sip:{account}@{canaries['host']}.cn",
            asserted_identity=f"tel:+86{phone}",
            diversion=f"<sip:{second}@{canaries['host']}.cn>",
            fields={"dtmf": list(phone), "ended_at": at, "disposition": "completed"},
        ),
        messages=(
            NewMessage(
                message_id=new_ulid(), direction="inbound", sent_at=at, text=said, external_id=f"{account}:{phone}"
            ),
        ),
        segments=(NewSegment(seq=1, speaker="requester", start_ms=0, end_ms=9, text=said, corrected_text=said),),
        guesses=(
            Guess(path="requester.name", value=name, source="rule", span=spans[name], confidence=0.9),
            Guess(path="demand.type", value="complaint", source="rule", span=None, confidence=0.9),
        ),
        mentions=(
            Mention(kind="person", value=name, span=spans[name], confidence=0.9),
            Mention(kind="person", value=other, span=spans[other], confidence=0.9),
            Mention(kind="phone", value=f"+86{phone}", span=spans[phone], confidence=0.9),
        ),
        callback=NewCallback(callback_id=new_ulid(), reason="interrupted", due_at=at),
        events=(
            NewEvent(type="ticket.registered", at=at, data={"channel": "web", "empty": False}),
            NewEvent(type="message.failed", at=at, data={"error": f"no such number +86{phone}"}),
        ),
    )


async def worked_on(house: WebHouse, ticket_id: str, canaries: dict[str, str]) -> None:
    """A unit returns the ticket and replies, the centre says why it chose it: with canaries in all that is written."""
    who = f"{canaries['name']}（{canaries['phone']}，{canaries['mail']}@{canaries['host']}.cn）"
    about: dict[str, Any] = {"at": house.clock.now(), "actor": "user:wang", "ticket_id": ticket_id}
    dispatched = DispatchTicket(
        **about,
        offers=(Offer(task_id=f"k-{ticket_id}", unit="M02", role=Role.LEAD),),
        stage="centre",
        rule="duty",
        steps=(Routing("centre", "duty", f"{who}要求"),),
        directory="directory:1",
        policy="policy:1",
        note_id=new_ulid(),
        text=f"{who}要求",
    )
    await house.database.changes.execute(dispatched)
    for verb, reason in ((TaskVerb.RETURN, "not_ours"), (TaskVerb.UPHOLD, None), (TaskVerb.REPLY, None)):
        work = WorkOnTask(
            **about, task_id=f"k-{ticket_id}", verb=verb, reason=reason, text=f"已联系{who}", note_id=new_ulid()
        )
        await house.database.changes.execute(work)


async def _streamed(house: WebHouse, last: int) -> str:
    """What the stream has told up to event ``last``."""
    told = b""
    async with house.http.get(f"{house.url}/api/v1/stream?after=0", headers=house.bearer("reader")) as answer:
        while f"id: {last}\n".encode() not in told:
            told += await answer.content.readline()
    return told.decode()


async def views(house: WebHouse, unit: UnitPerson, ticket_id: str, later: str) -> dict[str, str]:
    """Everything that a client with ``tickets:read`` and ``tickets:write``, the unit, or the public, gets to see."""
    base = f"/api/v1/tickets/{ticket_id}"
    number = (await house.database.reader.ticket(ticket_id))["ticket_no"]
    paths = [base, f"{base}/events", f"{base}/vcon", f"{base}/similar", f"{base}/same-requester", "/api/v1/callbacks"]
    paths += ["/api/v1/tickets?limit=1000", f"/api/v1/tickets/{later}", f"/api/v1/tickets/{later}/same-requester"]
    paths += [f"/api/v1/tickets/{later}/similar", f"{base}/case", f"{base}/notes", "/api/v1/tasks", "/api/v1/waiting"]
    paths += [f"/api/v1/dispatch/suggestion?ticket={ticket_id}", "/api/v1/overdue"]
    found = {path: await house.get(path, "writer") for path in paths}
    own = f"/api/v1/unit/tasks/k-{ticket_id}"
    found |= {path: await unit.get(path) for path in (own, "/api/v1/unit/tasks", "/api/v1/unit/tasks?open=false")}
    found["its unit does"] = (200, await unit.do("arrive", f"k-{ticket_id}"))
    for key in ("", "&api_key=token-of-contacts", "&api_key=token-of-reader"):
        for resource in (f"requests/{number}", "requests", "servicerequestupdates"):
            path = f"/open311/v2/{resource}.json?a=b{key}"
            found[path] = await house.get(path, None)
    patch = await house.ask(
        "PATCH", base, "writer", json={"line": "enterprise"}, headers={"If-Match": str(found[base][1]["version"])}
    )
    found["patch"] = patch
    record = await house.database.reader.ticket(ticket_id)
    record["prefill"]["fields"]["demand.type"]["confirmed_by"] = "user:wang"
    found["feed"] = (200, masking.record(record))
    found["export"] = (200, training_row(record, "type"))
    found["stream"] = (200, await _streamed(house, await house.database.reader.last_event_seq()))
    assert {status for status, _ in found.values()} <= {200, 404}
    return {
        where: body.decode() if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False)
        for where, (_, body) in found.items()
    }


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "other": NAMES,
            "phone": PHONES,
            "second": PHONES,
            "account": WORDS,
            "mail": WORDS,
            "host": WORDS,
        }
    ),
    WISHES,
)
async def test_no_canary_is_heard(
    house: WebHouse, unit: UnitPerson, canaries: dict[str, str], wish: str | None
) -> None:
    applied = await house.database.changes.execute(ticket(house, canaries, wish))
    await worked_on(house, applied.ticket_id, canaries)
    plain: dict[str, Any] = {"kind": "citizen", "phone": canaries["phone"]}
    later = await house.contact("路灯还是坏的", event_id=new_ulid(), requester=plain)
    forbidden = {key: value for key, value in canaries.items() if key not in {"phone", "second"}}
    forbidden |= {key: canaries[key][3:] for key in ("phone", "second")}
    for where, told in (await views(house, unit, applied.ticket_id, later["ticket_id"])).items():
        heard = [key for key, value in forbidden.items() if value in told]
        assert heard == [], where
        if wish is not None and where not in LISTS:
            ends = [canaries["phone"][:3] + "*", "*" + canaries["phone"][-4:]]
            if later["ticket_id"] not in where and "open311" not in where:
                assert not [end for end in ends if end in told], where
    full = json.dumps(await house.get(f"/api/v1/tickets/{applied.ticket_id}", "admin"), ensure_ascii=False)
    assert all(value in full for value in canaries.values())
