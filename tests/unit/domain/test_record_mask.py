"""The table of the record's fields: it has every one, and what it has not is not shown."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import masking
from gateway.domain.form_paths import CODED, PATHS
from gateway.domain.ticket import CALLBACK
from gateway.storage.record import interaction_record, message_record, segment_record, ticket_record

pytestmark = pytest.mark.unit
CANARY = "zQ金丝雀77"


class Row(dict[str, Any]):
    """A row of SQL that has every column."""

    def __missing__(self, key: str) -> Any:
        return None


def whole() -> dict[str, Any]:
    """A record with one of everything, as the store shows it."""
    interaction = interaction_record(Row(doc={"flow": {"name": "f"}, "recording": {"duration_s": 1.0}}))
    interaction |= {"transcript": [segment_record(Row())], "messages": [message_record(Row())]}
    doc = {
        "prefill": {
            "candidates": {
                one: [{"code": "1", "confidence": 0.5}]
                for one in ("category", "unit", "district", "street", "community")
            },
            "mentions": [{"kind": "person", "value": "张三", "span": None, "confidence": 0.9}],
            "fields": {"requester.name": {"value": "张三"}},
        },
        "handling": {
            "callback": {"state": "open", "due_at": None, "attempts": 0},
            "units": [
                dict.fromkeys(("unit", "role", "dispatched_at", "signed_at", "due_at", "status"))
                | {"returns": [dict.fromkeys(("at", "unit", "reason"))]}
            ],
            "routing_trace": [dict.fromkeys(("stage", "rule", "reason"))],
            "clocks": [dict.fromkeys(("kind", "started_at", "due_at", "met_at", "breached_at"))],
        },
        "related": {"similar": [{"ticket_id": "1", "score": 0.5}]},
        "attachments": [dict.fromkeys(("attachment_id", "name", "media_type", "bytes", "sha256", "url"))],
    }
    return ticket_record(Row(doc=doc), [interaction])


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def missing(value: Any, how: Any, path: str) -> Iterator[str]:
    """Paths of fields that the table does not know."""
    how = getattr(how, "fields", how)
    if isinstance(value, list):
        for inner in value:
            yield from missing(inner, how, path)
    elif isinstance(value, Mapping) and isinstance(how, Mapping):
        for key, inner in value.items():
            if key not in how:
                yield f"{path}.{key}"
            else:
                yield from missing(inner, how[key], f"{path}.{key}")


def test_every_field_of_the_record_has_its_row() -> None:
    assert list(missing(whole(), masking.FIELDS, "")) == []


def test_a_field_that_nobody_spoke_of_is_not_shown() -> None:
    full = whole()
    for node in list(nodes(full)):
        node |= {"surprise": CANARY, "more": {"text": CANARY}, "many": [CANARY, {"text": CANARY}]}
    full["prefill"]["fields"]["requester.surprise"] = {"value": CANARY, "confidence": 1.0}
    full["prefill"]["mentions"].append({"kind": "surprise", "value": CANARY, "span": None, "confidence": 1.0})
    before = copy.deepcopy(full)
    shown = json.dumps(masking.record(full), ensure_ascii=False)
    assert CANARY not in shown
    assert "金丝雀" not in shown
    assert full == before


def test_nothing_known_is_lost_on_who_does_not_hide() -> None:
    """The mask takes no field away: the shape of the record is the same for everybody."""
    full = whole()
    shown = masking.record(full)
    assert [sorted(node) for node in nodes(shown)] == [sorted(node) for node in nodes(full)]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('"张三" <sip:13800138000@10.0.0.1>', '"**" <sip:138****8000@**.*.*.*>'),
        ("sip:12345@198.51.100.1", "sip:12345@***.**.***.*"),
        ("+8613800138000", "+86138****8000"),
        ("zhang.san@example.com", "*****.***@*******.***"),
        ("oABC123def_456", "**************"),
        ("conversation:oABC123", "************:*******"),
        ("tel:+86755-1234", None),
        ("198805051", "*******51"),
    ],
)
def test_raw_addresses(raw: str, shown: str | None) -> None:
    found = masking.record({"interactions": [{"from_raw": raw}]})["interactions"][0]["from_raw"]
    assert found == shown or shown is None
    assert len(found) == len(raw)
    hidden = masking.record({"requester": {"secret": True}, "interactions": [{"from_raw": raw}]})
    assert not [c for c in hidden["interactions"][0]["from_raw"] if c.isalnum()]


def test_an_id_of_others_stays_one_without_the_address_in_it() -> None:
    full = {
        "requester": {"phone": "+8613800138000"},
        "source": {"name": "app", "event_id": "app-20261129-0000017"},
        "interactions": [
            {
                "from_raw": "oABC123def",
                "messages": [{"external_id": "oABC123def:17"}, {"external_id": "MS-13900139000"}],
            }
        ],
    }
    shown = masking.record(full)
    assert shown["source"] == full["source"]
    told = [message["external_id"] for message in shown["interactions"][0]["messages"]]
    assert told == ["**********:17", "MS-139****9000"]


@pytest.mark.parametrize("wish", ["secret", "anonymous"])
def test_of_who_hides_not_even_the_ends_of_a_number_are_left(wish: str) -> None:
    said = "我叫张三丰，电话13912345678，邮箱zhang@example.com，海口灯具公司的，张先生"
    full = {
        "requester": {
            wish: True,
            "name": "张三丰",
            "org_name": "海口灯具公司",
            "requester_id": "01ABC",
            "labels": ["x"],
        },
        "demand": {"content": said},
    }
    shown = masking.record(full)
    content = shown["demand"]["content"]
    assert len(content) == len(said)
    assert not [word for word in ("张", "139", "5678", "zhang", "example", "灯具") if word in content]
    assert shown["requester"] == {
        wish: True,
        "name": "***",
        "org_name": "******",
        "requester_id": "*****",
        "labels": [],
    }


PIECES = st.sampled_from(
    ["张三丰", "李小四", "13912345678", "幺三八零零幺三八零零零", "路灯坏了", " ", "A@b.cn", "1", "Ab"]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from(["secret", "anonymous", "kind"]))
def test_what_is_searched_is_what_is_shown(said: str, wish: str) -> None:
    full = {
        "requester": {"name": "张三丰", wish: True},
        "demand": {"title": said[:9], "content": said, "complained_about": {"name": "李小四"}},
        "place": {"address": said},
    }
    shown = masking.record(full)
    words = (shown["demand"]["title"], shown["demand"]["content"], shown["place"]["address"])
    assert masking.searchable(full) == " ".join(one for one in words if one).lower()


@pytest.mark.parametrize("before", range(masking.SEARCHED - 12, masking.SEARCHED + 2))
def test_a_number_across_the_end_of_what_is_searched_is_masked_as_a_whole(before: int) -> None:
    full = {"demand": {"content": "好" * before + "13912345678"}}
    assert masking.searchable(full) == masking.record(full)["demand"]["content"][: masking.SEARCHED]


@pytest.mark.parametrize("path", sorted({*CODED, CALLBACK, "status", "line", "empty"}))
def test_events_tell_no_value_that_a_mask_hides(path: str) -> None:
    """Events reach whoever sees the record masked, and stay when somebody asks later that nobody learn of them."""
    coded = {"state": CANARY} if path == CALLBACK else CANARY
    full = whole()
    full["requester"]["secret"] = True
    *above, key = (
        f"{path}.{PATHS[path].code_key}".split(".") if path in PATHS and PATHS[path].code_key else path.split(".")
    )
    node = full
    for name in above:
        node = node[name]
    node[key] = coded
    shown = masking.record(full)
    for name in above:
        shown = shown[name]
    assert shown[key] == coded
