"""Pages, OpenAPI and the JSON Schemas of feeds name every event, and what events tell is as they say."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.events import REGISTRY, Event, MessageReceived
from gateway.domain.events.told import WORDS, keys
from gateway.web.api.event_schema import data_schema
from gateway.web.api.event_schemas import document
from gateway.web.api.openapi import document as openapi
from gateway.web.app import API_ROUTES
from scripts import events_page
from tests.support.story import new_world, told

pytestmark = pytest.mark.unit
EVERY = pytest.mark.parametrize("kind", REGISTRY.values(), ids=REGISTRY)
RELEASED = Path(__file__).resolve().parents[2] / "data/upgrade/released-1/gateway.sql"
SCHEMAS = {name: jsonschema_rs.Draft202012Validator(data_schema(kind)) for name, kind in REGISTRY.items()}


def whole_event(kind: type[Event], data: dict[str, Any]) -> dict[str, Any]:
    """An event as the API and feeds tell it."""
    return {
        "event_seq": 1,
        "event_id": "E1",
        "type": kind.TYPE,
        "at": "2026-11-23T08:00:00.000Z",
        "ticket_id": "T1",
        "ticket_no": "202611230000001",
        "interaction_id": None,
        "actor": "system",
        "data": data,
    }


def least(kind: type[Event]) -> dict[str, Any]:
    """The keys that ``data`` always has."""
    values: dict[type, Any] = {str: "a", int: 1, float: 1.5, bool: True}
    return {key.name: [values[key.kind]] if key.many else values[key.kind] for key in keys(kind) if key.always}


@EVERY
def test_every_event_has_a_name_and_words_for_its_keys_in_both_languages(kind: type[Event]) -> None:
    told = [(kind.ZH, kind.EN), *((key.zh, key.en) for key in keys(kind))]
    assert [pair for pair in told if not re.search(r"[一-鿿]", pair[0]) or not re.search(r"[A-Za-z]", pair[1])] == []


def test_no_key_has_words_that_no_event_tells() -> None:
    assert {key.name for kind in REGISTRY.values() for key in keys(kind)} == set(WORDS)


@pytest.mark.parametrize(("page", "language"), events_page.PAGES.items(), ids=events_page.PAGES.values())
def test_the_pages_list_every_event(page: Path, language: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert events_page.written(text, language) == text, "run: .venv/bin/python -m scripts.events_page"
    assert re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE) == sorted(REGISTRY)


def test_a_page_that_has_lost_its_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        events_page.written("# Events\n", "en")


@EVERY
def test_openapi_describes_the_data_of_every_event(kind: type[Event]) -> None:
    components = openapi(API_ROUTES, public_url="")["components"]
    one = jsonschema_rs.Draft202012Validator({"$ref": "#/components/schemas/Event", "components": components})
    good = whole_event(kind, least(kind))
    one.validate(good)
    assert not one.is_valid(good | {"type": "ticket.nonsense"})
    assert not one.is_valid(good | {"data": {"changed": {"status": ["one"]}}})
    for name in least(kind):
        assert not one.is_valid(good | {"data": {key: value for key, value in least(kind).items() if key != name}})


@EVERY
def test_a_feeds_data_has_a_schema_that_is_complete_in_itself(kind: type[Event]) -> None:
    schema = document(kind, "https://12345.example/")
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == f"https://12345.example/api/v1/events/schemas/{kind.TYPE}/{kind.VERSION}"
    assert "$ref" not in json.dumps(schema)
    one = jsonschema_rs.Draft202012Validator(schema)
    good = {"event": whole_event(kind, least(kind)), "ticket": {}}
    one.validate(good)
    one.validate(good | {"truncated": True})
    other = next(name for name in REGISTRY if name != kind.TYPE)
    assert not one.is_valid({"event": good["event"] | {"type": other}, "ticket": {}})
    assert "$id" not in document(kind)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32).map(Random), st.integers(1, 60))
def test_what_events_tell_is_as_their_schemas_say(random: Random, commands: int) -> None:
    world = new_world()
    for _ in told(world, random, commands, wrong=True):
        pass
    for recorded in world.journal.entries:
        event = recorded.event
        data = msgspec.json.decode(msgspec.json.encode(event.data()))
        SCHEMAS[event.TYPE].validate(data)
        assert data.keys() - {"changed"} <= {key.name for key in keys(type(event))}


def test_a_channels_own_codes_are_allowed() -> None:
    told = MessageReceived(at=None, codes={"satisfied": 1}).data()  # type: ignore[arg-type]  # data() tells no instant
    SCHEMAS[MessageReceived.TYPE].validate(told)


def test_what_a_released_version_wrote_is_as_the_schemas_say() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(RELEASED.read_text(encoding="utf-8"))
        rows = database.execute("SELECT type, data FROM events").fetchall()
    assert rows
    for name, data in rows:
        SCHEMAS[name].validate(json.loads(data))
