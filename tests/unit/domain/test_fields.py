"""The table of the record's fields: it is whole, and everything that knows fields is made from it."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gateway.domain import masking
from gateway.domain.fields import GROUPS, TABLE, By, FieldRow, FieldTable, Kind, Mask
from gateway.domain.form import Form
from gateway.domain.form_paths import path_of
from gateway.domain.limits import WORD_CHARS
from gateway.edge.contact import ContactBody
from gateway.edge.field_models import Closed, made_of
from gateway.storage.record import ticket_record
from gateway.web.api.corrections import _corrected
from gateway.web.api.models import TicketPatch
from gateway.web.api.record_schema import object_schema
from gateway.web.form import described
from scripts import record_page
from tests.support.records import records, values

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
ROWS = pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.path)
SCHEMA = jsonschema_rs.validator_for(object_schema(TABLE))
CANARY = "zQ金丝雀77"
PATH = re.compile(r"(?:demand|place|requester|handling|outcome|prefill|related)(?:\.[a-z_\d]+)+")


@ROWS
def test_a_row_says_what_its_kind_needs(row: FieldRow) -> None:
    above = TABLE.get(row.parent)
    assert TABLE.get(row.path) is row, "there are two rows of this path"
    assert not row.parent or (above is not None and TABLE.rows.index(above) < TABLE.rows.index(row))
    assert above is None or above.kind in GROUPS
    assert row.zh
    assert row.en
    assert bool(TABLE.within(row.path)) == (row.kind in GROUPS)
    assert row.mask is Mask.SHOWN or row.kind not in GROUPS
    assert row.words is not None or row.kind is not Kind.WORD
    assert all(word.zh and word.en for word in row.words or ())
    assert row.code is None or row.code in TABLE.names(row.path)
    assert row.offered is None or row.offered in TABLE.names("prefill.candidates")
    assert row.form is None or By.PERSON in row.by


@ROWS
def test_whatever_is_taken_from_outside_is_bounded(row: FieldRow) -> None:
    if row.by & (By.SOURCE | By.PERSON) and row.kind in {Kind.ID, Kind.TEXT, Kind.PROSE, Kind.PHONE}:
        assert row.most is not None or row.pattern is not None
        assert not row.many or row.items is not None


def test_no_two_fields_have_one_place_in_the_form() -> None:
    places = [row.form for row in TABLE if row.form is not None]
    assert len(places) == len(set(places)) > 20


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_every_record_is_as_its_schema_says_masked_or_not(full: dict[str, Any]) -> None:
    before = copy.deepcopy(full)
    shown = masking.record(full)
    for record in (full, shown):
        assert [f"{error.instance_path}: {error.message}" for error in SCHEMA.iter_errors(record)] == []
    assert full == before


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in ``value``, itself included."""
    if isinstance(value, dict):
        yield value
    for inner in list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_what_has_no_row_is_not_shown(full: dict[str, Any]) -> None:
    for one in list(objects(full)):
        one |= {"surprise": CANARY, "many": [CANARY], "more": {"text": CANARY}}
    full["prefill"]["fields"] = {"demand.surprise": {"value": CANARY}, "surprise": {"value": CANARY}}
    for one in full["prefill"]["mentions"]:
        one |= {"kind": "surprise", "value": CANARY}
    said = repr(masking.record(full))
    assert CANARY not in said
    assert "金丝雀" not in said


class Columns(dict[str, Any]):
    """A row of SQL that has every column."""

    def __missing__(self, key: str) -> Any:
        return None


def corrected(row: FieldRow, value: Any) -> dict[str, Any]:
    """The body that corrects ``row`` alone."""
    body: Any = value
    for key in reversed(row.path.split(".")):
        body = {key: body}
    return body


SETTABLE = [row for row in TABLE.settable(By.PERSON) if "." in row.path and not row.path.startswith("interactions.")]
COORDINATES = {"place.lat": 20.5, "place.lon": 110.5, "place.crs": "WGS84"}


@pytest.mark.parametrize("row", SETTABLE, ids=lambda row: row.path)
@given(data=st.data())
def test_what_a_person_may_correct_is_taken_and_comes_back(row: FieldRow, data: st.DataObject) -> None:
    value = data.draw(records(path=row.path) if row.code else values(row))
    if row.code and value[row.code] is None:
        value[row.code] = "urgent" if row.path == "demand.urgency" else "A1"
    if row.pattern is not None:
        value = "91460000MA5T00000X"
    if row.path in COORDINATES:
        body = {"place": {path.partition(".")[2]: one for path, one in COORDINATES.items()}}
        value = COORDINATES[row.path]
    else:
        body = corrected(row, value)
    if value is None and row.kind is Kind.WORD and not row.null:
        return
    sent = dict(_corrected(TicketPatch.model_validate(body)))
    form = Form()
    for path, one in sent.items():
        path_of(path).put(form, path_of(path).shaped(one))
    found: Any = ticket_record(Columns(doc=msgspec.to_builtins(form)), [])
    for key in row.path.split("."):
        found = found[key]
    assert found == (TABLE.default(row.path) if value is None else value)


@ROWS
def test_nobody_corrects_what_is_not_theirs(row: FieldRow) -> None:
    coded = {one.path for one in TABLE if one.code}
    if By.PERSON in row.by or row.kind in GROUPS or row.parent in coded or row.path.startswith("interactions."):
        return
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        TicketPatch.model_validate(corrected(row, "x"))


def test_a_source_may_set_what_its_rows_say() -> None:
    schema = ContactBody.model_json_schema()["$defs"]
    for model, section in (("Requester", "requester"), ("SeenPlace", "place"), ("Source", "source")):
        own = {row.name for row in TABLE.within(section) if By.SOURCE in row.by}
        assert schema[model]["properties"].keys() - {"accuracy_m"} == own
    own = {row.name for row in TABLE.within("attachments") if By.SOURCE in row.by}
    assert schema["Attachment"]["properties"].keys() == own


def spelled(folder: str) -> Iterator[tuple[str, str]]:
    """(path, module) of every constant that looks like the path of a field."""
    for module in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and PATH.fullmatch(node.value):
                yield node.value, module.relative_to(ROOT).as_posix()


def test_every_path_that_is_spelled_is_in_the_table() -> None:
    found = {*spelled("gateway"), *spelled("channels")}
    assert len(found) > 60
    assert {one for one in found if TABLE.get(one[0]) is None} == set()


def test_what_is_guessed_may_be_guessed() -> None:
    found = set(spelled("gateway/prefill"))
    assert len(found) > 15
    rows = {path: TABLE.get(path) for path, _ in found}
    assert {path for path, row in rows.items() if row is None or By.GUESS not in row.by} == set()


def test_the_page_of_the_record_is_up_to_date() -> None:
    page = record_page.PAGE.read_text(encoding="utf-8")
    assert record_page.written(page) == page, "run: .venv/bin/python -m scripts.record_page"


def test_whatever_is_made_of_the_table_follows_from_a_row() -> None:
    """It is in the record, its schema, the correction, the mask, the form and the page; not in the typed form."""
    weather = FieldRow(
        "demand.weather",
        Kind.TEXT,
        Mask.SAID,
        "天气",
        "Weather",
        by=By.SOURCE | By.PERSON | By.GUESS,
        most=WORD_CHARS,
        form=55,
    )
    table = FieldTable((*TABLE.rows, weather))
    assert table.default("demand")["weather"] is None

    schema = object_schema(table)
    assert schema["properties"]["demand"]["properties"]["weather"] == {"type": ["string", "null"]}
    assert "weather" in schema["properties"]["demand"]["required"]

    @made_of("", By.PERSON, table)
    class Patch(Closed):
        """A correction."""

    taken: BaseModel = Patch.model_validate({"demand": {"weather": " 大雨 "}})
    assert taken.model_dump(exclude_unset=True) == {"demand": {"weather": "大雨"}}
    with pytest.raises(ValidationError, match="at most 64 characters"):
        Patch.model_validate({"demand": {"weather": "雨" * 65}})
    with pytest.raises(ValidationError, match="Extra inputs"):
        TicketPatch.model_validate({"demand": {"weather": "大雨"}})

    full = {
        "demand": {"weather": "张三丰说下雨，13912345678"},
        "requester": {"name": "张三丰"},
        "prefill": {"fields": {"demand.weather": {"value": "张三丰", "source": "rule"}}},
    }
    shown = masking.record(full, masking.masks(table))
    assert (
        shown["demand"]["weather"]
        == masking.record({**full, "demand": {"title": full["demand"]["weather"]}})["demand"]["title"]
    )
    assert "13912345678" not in shown["demand"]["weather"]
    assert shown["prefill"]["fields"]["demand.weather"]["value"] == "张**"
    assert "下雨" not in repr(masking.record(full))

    (told,) = (one for one in described(table) if one["path"] == "demand.weather")
    assert (told["zh"], told["en"]) == ("天气", "Weather")
    assert (told["form"]["place"], told["form"]["input"], told["form"]["most"]) == (55, "text", WORD_CHARS)

    page = record_page.written(record_page.PAGE.read_text(encoding="utf-8"), table)
    assert "complained_about {name, phone}, weather}" in " ".join(page.split())
    assert (
        "| `demand.weather` | text, or null | source, person, guess | ✓ | names and numbers in it | 天气 | Weather |"
        in page
    )
