"""Whatever a model takes from outside is bounded: every text, every list, every object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from channels.platform.codec import Message, ReceiptBody
from channels.webchat.protocol import Frame
from gateway.domain.limits import BODY_BYTES, CONTACT_BYTES, CONTENT_CHARS, CORRECTION_BYTES, content_of, content_with
from gateway.edge.contact import ContactBody
from gateway.web.api.models import TicketPatch
from gateway.web.app import API_ROUTES

pytestmark = pytest.mark.unit
OF_THE_API = {model for route in API_ROUTES for model in (route.body, route.query) if model is not None}
MODELS = sorted(OF_THE_API | {Message, ReceiptBody}, key=lambda model: model.__name__)
BOUNDED_BY_FORMAT = {"date-time", "date", "uuid"}
BOUNDED_ELSEWHERE = {"Text.text"}
"""A web chat's text is counted in bytes by its channel's ``max_text_bytes``, and cut by the cap on a message."""


def unbounded(schema: Any, where: str) -> Iterator[str]:
    """Places in a JSON schema that take texts or lists of any length, or any key."""
    if isinstance(schema, list):
        for one in schema:
            yield from unbounded(one, where)
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    closed = {"enum", "const", "maxLength"} & schema.keys() or schema.get("format") in BOUNDED_BY_FORMAT
    if kind == "string" and not closed and not (schema.get("pattern") or "").endswith("}$"):
        yield where
    if kind == "array" and "maxItems" not in schema:
        yield f"{where}[]"
    if kind == "object" and schema.get("additionalProperties") is not False:
        yield f"{where}{{}}"
    for name, inner in (schema.get("properties") or {}).items():
        yield from unbounded(inner, f"{where}.{name}")
    for name, inner in (schema.get("$defs") or {}).items():
        yield from unbounded(inner, name)
    for key in ("anyOf", "oneOf", "allOf", "items"):
        yield from unbounded(schema.get(key), where)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_body_and_query_of_the_api_is_bounded(model: type[BaseModel]) -> None:
    assert set(unbounded(model.model_json_schema(), model.__name__)) == set()


def test_every_frame_of_the_web_chat_is_bounded() -> None:
    schema = TypeAdapter[Any](Frame).json_schema()
    assert set(unbounded(schema, "frame")) == BOUNDED_ELSEWHERE


def test_the_walk_sees_what_is_not_bounded() -> None:
    class Open(BaseModel):
        name: str
        many: list[int]
        any_key: dict[str, int]

    assert set(unbounded(Open.model_json_schema(), "Open")) == {"Open{}", "Open.name", "Open.many[]", "Open.any_key{}"}


def test_the_largest_contact_and_correction_fit_their_bodies() -> None:
    astral = len('"\\ud83d\\ude00"') - 2  # what one character takes at most in JSON
    assert CONTENT_CHARS * astral < CONTACT_BYTES < CORRECTION_BYTES
    assert BODY_BYTES < CONTACT_BYTES
    assert ContactBody.model_fields["content"].metadata
    assert TicketPatch.model_config["extra"] == "forbid"


def test_a_content_grows_to_its_cap_and_no_further() -> None:
    content = None
    lengths = []
    for n in range(30):
        content = content_with(content, f"第{n}条" * 400)
        lengths.append(len(content))
    assert lengths == sorted(lengths)
    assert lengths[-1] == CONTENT_CHARS
    assert content is not None
    assert content.startswith("第0条")
    assert content_of(content) == content
