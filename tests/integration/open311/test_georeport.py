"""GeoReport v2: formats, creating, reading, searching, errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.open311.client import KEY, READER, REPORT, REQUEST_FIELDS, V2, fetch, post, reported, shape, xml
from tests.support.change import Change, NewEvent
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration


async def test_discovery_in_both_formats(house: WebHouse) -> None:
    status, told = await fetch(house, "discovery.json")
    assert status == 200
    assert set(told) == {"changeset", "contact", "key_service", "endpoints"}
    (endpoint,) = told["endpoints"]
    assert endpoint["url"] == "https://city.example/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    _, root = await xml(house, "GET", "discovery.xml")
    assert root.tag == "discovery"
    assert [e.text for e in root.iterfind("endpoints/endpoint/formats/format")] == endpoint["formats"]
    assert (await house.get("/open311/discovery.json", None))[0] == 200


async def test_services(house: WebHouse) -> None:
    _, listed = await fetch(house, "services.json", jurisdiction_id="haikou.gov.cn")
    fields = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
    assert all(list(service) == fields and service["metadata"] is False for service in listed)
    assert {"streetlight", "complaint", "other"} <= {service["service_code"] for service in listed}
    _, root = await xml(house, "GET", "services.xml")
    assert root.tag == "services"
    assert all(shape(service) == ["service", fields] for service in root if service.findtext("keywords"))
    assert {service.findtext("metadata") for service in root} == {"false"}
    assert (await fetch(house, "services/streetlight.json"))[1] == {"service_code": "streetlight", "attributes": []}
    _, definition = await xml(house, "GET", "services/streetlight.xml")
    assert shape(definition) == ["service_definition", ["service_code", "attributes"]]
    assert (await fetch(house, "services/none.json"))[0] == 404


async def test_a_report_becomes_a_ticket_and_reads_back(house: WebHouse) -> None:
    status, root = await xml(house, "POST", "requests.xml", data=REPORT)
    assert status == 200
    assert shape(root) == ["service_requests", [["request", ["service_request_id", "service_notice", "account_id"]]]]
    number = root.findtext("request/service_request_id")
    assert number
    _, ticket = await house.get(f"/api/v1/tickets/{number}", "admin")
    assert (ticket["channel"], ticket["demand"]["type"], ticket["source"]["name"]) == ("open311", "help", "contacts")
    assert ticket["demand"]["category"]["code"] == "streetlight"
    assert ticket["place"]["crs"] == "WGS84"
    assert (ticket["requester"]["name"], ticket["requester"]["phone"]) == ("陈小明", "+8613800138000")

    status, (read,) = await fetch(house, f"requests/{number}.json")
    assert status == 200
    assert list(read) == REQUEST_FIELDS
    assert (read["status"], read["service_code"], read["service_name"]) == ("open", "streetlight", "路灯不亮")
    assert (read["lat"], read["long"]) == (20.044, 110.1999)
    assert datetime.fromisoformat(read["requested_datetime"]).tzinfo is not None
    _, root = await xml(house, "GET", f"requests/{number}.xml")
    assert root.tag == "service_requests"
    assert [child.tag for child in root[0]] == REQUEST_FIELDS
    assert root.findtext("request/lat") == "20.044"
    _, (token,) = await fetch(house, f"tokens/{ticket['ticket_id']}.json")
    assert token == {"service_request_id": number, "token": ticket["ticket_id"]}
    assert (await fetch(house, "tokens/nothing.json"))[0] == 404


async def test_tickets_of_other_channels_need_a_key_that_reads(house: WebHouse) -> None:
    call = await house.finished_call("我要投诉,隔壁工地夜里施工噪声太大", external_id="c1")
    _, ticket = await house.get(f"/api/v1/tickets/{call.ticket_id}", "admin")
    number = ticket["ticket_no"]
    assert (await fetch(house, f"requests/{number}.json"))[0] == 404
    assert (await fetch(house, f"requests/{number}.json", api_key=KEY))[0] == 404
    status, (read,) = await fetch(house, f"requests/{number}.json", api_key=READER)
    assert (status, read["service_request_id"]) == (200, number)
    assert (await fetch(house, "requests.json"))[1] == []
    assert len((await fetch(house, "requests.json", api_key=READER))[1]) == 1


async def test_several_numbers_at_once(house: WebHouse) -> None:
    one, two = await reported(house), await reported(house)
    _, found = await fetch(house, "requests.json", service_request_id=f"{two}, {one},202001010000001,nonsense")
    assert [item["service_request_id"] for item in found] == [two, one]
    _, found = await fetch(house, f"requests/{one},{two}.json")
    assert len(found) == 2
    assert (await fetch(house, "requests/202001010000001.json"))[0] == 404


def iso(offset: timedelta) -> str:
    return (datetime.now(UTC) + offset).isoformat()


async def test_searching(house: WebHouse) -> None:
    here = await reported(house)
    there = await reported(house, lat="19.2", long="109.5", service_code="praise")
    hour = timedelta(hours=1)

    async def numbers(**query: str) -> list[str]:
        status, found = await fetch(house, "requests.json", **query)
        assert status == 200, found
        return [item["service_request_id"] for item in found]

    assert await numbers() == [there, here]
    assert await numbers(status="open") == await numbers(status="open,closed") == [there, here]
    assert await numbers(status="closed") == []
    assert await numbers(service_code="praise") == [there]
    assert await numbers(service_code="streetlight,praise") == [there, here]
    assert await numbers(service_code="noise") == []
    assert await numbers(bbox="110,20,110.5,20.5") == [here]
    assert await numbers(start_date=iso(-hour), end_date=iso(hour)) == [there, here]
    assert await numbers(end_date=iso(-hour)) == await numbers(start_date=iso(hour)) == []
    assert await numbers(page="1", page_size="1") == [there]
    assert await numbers(page="2", page_size="1") == [here]
    assert await numbers(page="3", page_size="1") == []
    _, record = await house.get(f"/api/v1/tickets/{here}", "admin")
    await close(house, record["ticket_id"])
    assert await numbers(status="closed") == [here]
    assert await numbers(status="open") == [there]


async def close(house: WebHouse, ticket_id: str, reply: str = "已修复,联系13900139000") -> None:
    await house.database.changes.execute(
        Change(
            ticket_id=ticket_id,
            ticket_fields={("status",): "archived", ("outcome", "public_reply"): reply},
            events=(NewEvent(type="ticket.closed", at=house.clock.now()),),
        )
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"api_key": ""}, 403),
        ({"api_key": "made up"}, 403),
        ({"api_key": READER}, 403),
        ({"service_code": ""}, 400),
        ({"service_code": "none"}, 404),
        ({"lat": ""}, 400),
        ({"lat": "", "long": ""}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": "91"}, 400),
        ({"description": "x" * 4001}, 400),
        ({"description": "a\0b"}, 400),
        ({"email": "no"}, 400),
        ({"media_url": "javascript:alert(1)"}, 400),
        ({"jurisdiction_id": "elsewhere.example"}, 404),
        ({f"attribute[{n}]": "v" for n in range(51)}, 400),
    ],
)
async def test_what_is_refused_is_told_as_the_standard_tells_it(
    house: WebHouse, fields: dict[str, str], status: int
) -> None:
    answered, errors = await post(house, "requests.json", {**REPORT, **fields})
    assert answered == status, errors
    assert [set(error) for error in errors] == [{"code", "description"}]
    assert errors[0]["code"] == status
    answered, root = await xml(house, "POST", "requests.xml", data={**REPORT, **fields})
    assert (answered, shape(root)) == (status, ["errors", [["error", ["code", "description"]]]])
    assert root.findtext("error/code") == str(status)
    assert (await house.get("/api/v1/tickets"))[1]["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "yesterday"},
        {"start_date": "2026-11-23T08:00:00"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-11-01T00:00:00Z"},
        {"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"end_date": "0001-01-01T00:00:00Z"},
        {"status": "pending"},
        {"bbox": "1,2,3"},
        {"bbox": "110,20,109,21"},
        {"page": "0"},
        {"page": "101"},
        {"page_size": "1001"},
        {"page": "１"},
        {"service_request_id": ",".join(["202611230000001"] * 300)},
    ],
)
async def test_queries_that_are_none(house: WebHouse, query: dict[str, str]) -> None:
    status, errors = await fetch(house, "requests.json", **query)
    assert status == 400
    assert errors[0]["code"] == 400


async def test_what_is_not_there(house: WebHouse) -> None:
    for path in ("requests.yaml", "nothing.json", "", "services/a/b.json"):
        async with house.http.get(f"{house.url}{V2}/{path}") as answer:
            assert answer.status == 404, path
            text = await answer.text()
            assert '"code":404' in text if path.endswith("json") else "<errors><error><code>404</code>" in text
    async with house.http.post(f"{house.url}{V2}/requests.json", json=REPORT) as answer:
        assert answer.status == 400


async def test_a_repeat_under_a_key_is_one_ticket(house: WebHouse) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await post(house, "requests.json", REPORT, headers=headers)
    assert await post(house, "requests.json", REPORT, headers=headers) == first
    assert len((await house.get("/api/v1/tickets"))[1]["items"]) == 1


async def test_attributes_and_addresses(house: WebHouse) -> None:
    fields: dict[str, Any] = {"lat": "", "long": "", "address_string": "海府路 1 号", "attribute[colour]": "red"}
    number = await reported(house, **fields, media_url="https://app.example/a.jpg")
    _, ticket = await house.get(f"/api/v1/tickets/{number}", "admin")
    assert ticket["place"]["address"] == "海府路 1 号"
    assert ticket["demand"]["content"].endswith("\ncolour: red")
    _, (read,) = await fetch(house, f"requests/{number}.json", api_key=KEY)
    assert (read["address"], read["lat"], read["media_url"]) == ("海府路 1 号", None, "https://app.example/a.jpg")
