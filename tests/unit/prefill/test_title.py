"""A title says where and what, and nothing that was not said or filled."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.prefill.reader import Prefill
from gateway.prefill.title import TITLE_WIDTH
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def shipped() -> Prefill:
    return Prefill.of(INSTALLATION / "config", "Asia/Shanghai")


def read(prefill: Prefill, text: str) -> dict[str, Any]:
    return {guess.path: guess for guess in prefill.read(text, at=NOW).guesses}


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("你好，我在龙华区，国贸大道，这里的路灯坏了，晚上很黑，请派人来修一下。", "龙华区国贸大道 路灯坏了"),
        ("喂，您好，我想咨询一下异地就医备案怎么办理", "异地就医备案怎么办理"),
        ("Hello I want to report a restaurant selling expired food", "a restaurant selling expired food"),
        ("我在美兰区海甸岛三西路，家里有很大的煤气味", "美兰区海甸岛三西路 家里有很大的煤气味"),
    ],
)
def test_it_says_where_and_what(shipped: Prefill, text: str, called: str) -> None:
    assert read(shipped, text)["demand.title"].value == called


def test_every_part_was_said_or_filled(shipped: Prefill) -> None:
    with (DATA / "demands.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        texts += [row["text"] for row in csv.DictReader(file)][:120]
    for text in (*texts, "路灯" * 500, "投诉" + "噪音 " * 200, "The bus " * 100):
        fields = read(shipped, text)
        called = fields["demand.title"].value
        district = fields.get("place.district")
        name = district.value["name"] if district is not None and isinstance(district.value, dict) else ""
        rest = called.removeprefix(name)
        assert all(part in text for part in rest.split(" ")), (text, called)
        assert 0 < len(called) <= TITLE_WIDTH
        start, end = fields["demand.title"].span
        assert called.endswith(text[start:end])


def test_nothing_said_has_no_title(shipped: Prefill) -> None:
    assert "demand.title" not in read(shipped, "  。 ")
