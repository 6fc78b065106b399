"""Nobody's person leaves by Open311; what happened to requests does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.change import Change, NewEvent
from gateway.errors import ConfigError
from gateway.web.open311.services import BY_TYPE, read_services
from gateway.web.services import Limits
from tests.integration.open311.client import KEY, READER, REPORT, V2, fetch, post, reported, shape, xml
from tests.integration.open311.conftest import CITY
from tests.support.command import ROOT
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.integration
PERSONAL = ("陈小明", "13800138000", "8613800138000", "chen@example.com", "Chen@Example.com")


async def everything(house: WebHouse, number: str) -> str:
    """All that anybody may read of a request, as one text."""
    found = []
    for key in (None, KEY, READER, "token-of-admin"):
        query = {"api_key": key} if key else {}
        paths = (f"requests/{number}.json", "requests.json", "servicerequestupdates.json")
        found += [(await fetch(house, path, **query))[1] for path in paths]
        found.append((await house.get(f"{V2}/requests/{number}.xml", None, params=query))[1].decode())
    return json.dumps(found, ensure_ascii=False)


async def advance(house: WebHouse, number: str, **fields: Any) -> None:
    _, record = await house.get(f"/api/v1/tickets/{number}", "admin")
    await house.database.changes.apply(
        Change(
            ticket_id=record["ticket_id"],
            ticket_fields={tuple(path.split("__")): value for path, value in fields.items()},
            events=(NewEvent(type="ticket.updated", at=house.clock.now()),),
        )
    )


@pytest.mark.parametrize("flags", [{}, {"anonymous": True}, {"secret": True}, {"anonymous": True, "secret": True}])
async def test_no_personal_field_ever_leaves(house: WebHouse, flags: dict[str, bool]) -> None:
    number = await reported(house, address_string="陈小明家,海府路 1 号")
    await advance(house, number, **{f"requester__{name}": value for name, value in flags.items()})
    await advance(house, number, status="replied", outcome__public_reply="已联系陈小明 13800138000")
    await post(
        house,
        "servicerequestupdates.json",
        {"api_key": KEY, "service_request_id": number, "update_id": "u", "description": "我是陈小明,13800138000"},
    )
    told = await everything(house, number)
    assert number in told
    assert not [word for word in PERSONAL if word in told]
    if flags.get("secret"):
        assert "海府路" not in told
        assert "20.044" not in told
        assert "路灯不亮,我是" not in told
        assert (await fetch(house, f"requests/{number}.json"))[0] == 404
        assert (await fetch(house, "requests.json"))[1] == []


async def test_a_secret_contact_of_another_channel_shows_no_place(house: WebHouse) -> None:
    answer = await house.contact(
        "举报楼上的赌场",
        requester={"secret": True, "name": "李四", "phone": "13700137000"},
        place={"address": "三亚街 7 号"},
    )
    _, (read,) = await fetch(house, f"requests/{answer['ticket_no']}.json", api_key=READER)
    assert (read["description"], read["address"], read["lat"], read["media_url"]) == (None, None, None, None)
    assert (await fetch(house, f"requests/{answer['ticket_no']}.json"))[0] == 404


async def test_what_the_public_may_read_is_the_citys_choice(tmp_path: Path) -> None:
    for public, own, other in (("none", 403, 403), ("open311", 200, 404), ("all", 200, 200)):
        (tmp_path / public).mkdir()
        async with web_house(tmp_path / public, open311=replace(CITY, public=public)) as house:
            number = await reported(house)
            contact = await house.contact()
            assert (await fetch(house, f"requests/{number}.json"))[0] == own, public
            assert (await fetch(house, f"requests/{contact['ticket_no']}.json"))[0] == other, public
            assert len((await fetch(house, "requests.json", api_key=READER))[1]) == 2
            assert (await fetch(house, "services.json"))[0] == 200


async def test_updates_are_told_once_each(house: WebHouse) -> None:
    number = await reported(house)
    quiet = await reported(house)
    assert (await fetch(house, "servicerequestupdates.json"))[1] == []
    await advance(house, number, status="handling")
    _, (first,) = await fetch(house, "servicerequestupdates.json")
    assert (first["service_request_id"], first["status"]) == (number, "IN_PROGRESS")
    await advance(house, number, demand__title="路灯")
    assert [u["update_id"] for u in (await fetch(house, "servicerequestupdates.json"))[1]] == [first["update_id"]]
    await advance(house, number, status="archived", outcome__public_reply="已修复")
    _, (second,) = await fetch(house, "servicerequestupdates.json")
    assert second["update_id"] != first["update_id"]
    assert (second["status"], second["description"]) == ("CLOSED", "已修复")
    _, root = await xml(house, "GET", "servicerequestupdates.xml")
    assert root.tag == "service_request_updates"
    assert [child.tag for child in root[0]] == [
        "update_id",
        "service_request_id",
        "status",
        "updated_datetime",
        "description",
        "media_url",
    ]
    later = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    assert (await fetch(house, "servicerequestupdates.json", start_date=later))[1] == []
    assert quiet not in json.dumps((await fetch(house, "servicerequestupdates.json"))[1])


async def test_an_update_is_added_to_the_ticket_once(house: WebHouse) -> None:
    number = await reported(house)
    form = {
        "api_key": KEY,
        "service_request_id": number,
        "update_id": "fms-7",
        "status": "REOPEN",
        "description": "还没修",
    }
    status, root = await xml(house, "POST", "servicerequestupdates.xml", data=form)
    assert status == 200
    assert shape(root) == ["service_request_updates", [["request_update", ["update_id"]]]]
    update_id = root.findtext("request_update/update_id")
    assert (await post(house, "servicerequestupdates.json", form))[1] == [{"update_id": update_id}]
    assert (await post(house, "servicerequestupdates.json", {**form, "description": "别的"}))[0] == 409
    _, ticket = await house.get(f"/api/v1/tickets/{number}", "admin")
    assert len(ticket["interactions"]) == 2
    assert ticket["interactions"][1]["messages"][0]["text"] == "还没修"
    assert ticket["demand"]["content"].endswith("还没修")
    _, (told,) = await fetch(house, "servicerequestupdates.json")
    assert (told["update_id"], told["description"], told["status"]) == (update_id, "还没修", "OPEN")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"api_key": ""}, 403),
        ({"api_key": READER}, 403),
        ({"service_request_id": "202001010000001"}, 404),
        ({"service_request_id": ""}, 404),
        ({"status": "LOST"}, 400),
        ({"status": "", "description": ""}, 400),
        ({"updated_datetime": "now"}, 400),
    ],
)
async def test_updates_that_are_none(house: WebHouse, fields: dict[str, str], status: int) -> None:
    number = await reported(house)
    form = {"api_key": KEY, "service_request_id": number, "status": "OPEN", "description": "x", **fields}
    answered, errors = await post(house, "servicerequestupdates.json", form)
    assert (answered, errors[0]["code"]) == (status, status)


async def test_too_fast_is_told_so(tmp_path: Path) -> None:
    async with web_house(tmp_path, open311=CITY, limits=Limits(requests_per_s=0.5)) as house:
        answers = [await fetch(house, "services.json") for _ in range(3)]
        assert answers[-1][0] == 429
        assert answers[-1][1][0]["code"] == 429


def test_a_list_of_services_is_checked_whole(tmp_path: Path) -> None:
    assert read_services(tmp_path / "none.csv") == BY_TYPE
    path = tmp_path / "services.csv"
    head = (ROOT / "config" / "open311_services.csv").read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f"{head}\na,A,,,,help\na,B,,,,\n,C,,,,\nd,D,,,,wish\n", encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        read_services(path)
    assert len(told.value.problems) == 3
    path.write_text("code,name\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="columns"):
        read_services(path)


TEXT = st.text(max_size=30)
NAMES = st.sampled_from(
    [*REPORT, "address_string", "media_url", "attribute[a]", "attribute[", "status", "bbox", "page"]
)
RESOURCES = ["requests", "servicerequestupdates", "services", "services/x", "requests/1", "tokens/x", "discovery"]


@pytest.fixture
async def patient_house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    """One that lets an address guess keys as often as it likes."""
    async with web_house(tmp_path, open311=CITY, limits=Limits(failures_per_s=1e6)) as opened:
        yield opened


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(NAMES, TEXT, max_size=6),
    raw=st.none() | st.binary(max_size=60),
    resource=st.sampled_from(RESOURCES),
    kind=st.sampled_from(["xml", "json"]),
    method=st.sampled_from(["GET", "POST"]),
)
async def test_whatever_comes_is_answered_in_the_standards_words(
    patient_house: WebHouse, fields: dict[str, str], raw: bytes | None, resource: str, kind: str, method: str
) -> None:
    path, form = f"{resource}.{kind}", {**REPORT, **fields} if method == "POST" else fields
    if method == "POST":
        data = raw if raw is not None else urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if kind == "json":
            status, _ = await patient_house.ask("POST", f"{V2}/{path}", None, data=data, headers=headers)
        else:
            status, _ = await xml(patient_house, "POST", path, data=data, headers=headers)
    elif kind == "json":
        status, _ = await fetch(patient_house, path, **form)
    else:
        status, _ = await xml(patient_house, "GET", path, params=form)
    assert status in {200, 400, 403, 404}
