"""An Open311 client that believes nothing: XML is parsed, its shape checked against the standard's tables."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from tests.support.web_house import WebHouse

V2 = "/open311/v2"
KEY = "token-of-contacts"
READER = "token-of-reader"
REPORT = {
    "api_key": KEY,
    "service_code": "streetlight",
    "lat": "20.0440",
    "long": "110.1999",
    "description": "路灯不亮,我是陈小明,电话13800138000,邮箱 chen@example.com",
    "first_name": "小明",
    "last_name": "陈",
    "phone": "13800138000",
    "email": "Chen@Example.com",
}
REQUEST_FIELDS = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
]


async def fetch(house: WebHouse, path: str, **query: str) -> tuple[int, Any]:
    """Status and JSON of a GET without credentials but those in ``query``."""
    return await house.get(f"{V2}/{path}", None, params=query)


async def post(house: WebHouse, path: str, form: dict[str, str], **kwargs: Any) -> tuple[int, Any]:
    return await house.ask("POST", f"{V2}/{path}", None, data=form, **kwargs)


async def xml(house: WebHouse, method: str, path: str, **kwargs: Any) -> tuple[int, ET.Element]:
    async with house.http.request(method, f"{house.url}{V2}/{path}", **kwargs) as answer:
        assert answer.content_type == "text/xml"
        assert answer.charset == "utf-8"
        body = await answer.read()
        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        return answer.status, ET.fromstring(body)  # noqa: S314 - our own server wrote it


def shape(element: ET.Element) -> Any:
    """Names only: an element with children is [name, children's shapes], a leaf its name."""
    return [element.tag, [shape(child) for child in element]] if len(element) else element.tag


async def reported(house: WebHouse, **fields: str) -> str:
    status, answer = await post(house, "requests.json", {**REPORT, **fields})
    assert status == 200, answer
    return str(answer[0]["service_request_id"])
