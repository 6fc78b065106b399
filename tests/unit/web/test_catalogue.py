"""The table of categories as programs and the desk's form get it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.settings.sections import INSTALLATION
from gateway.web.catalogue import Catalogue

pytestmark = pytest.mark.unit


def categories() -> dict[str, dict[str, Any]]:
    table = json.loads(Catalogue.read(INSTALLATION / "config").taxonomy.body)
    return {item["code"]: item for item in table["items"]}


def test_a_category_says_why_it_is_urgent_and_whether_a_ticket_may_stay() -> None:
    found = categories()
    water, cover, planned = found["010101"], found["010501"], found["01010101"]
    assert (water["urgent"], water["danger"], water["plan_urgent"]) == (True, False, True)
    assert (cover["urgent"], cover["danger"], cover["plan_urgent"]) == (True, True, False)
    assert (planned["urgent"], planned["danger"], planned["plan_urgent"]) == (False, False, False)
    assert (water["leaf"], water["may_stay"]) == (False, True)
    assert (found["0101"]["leaf"], found["0101"]["may_stay"]) == (False, False)
    assert found["010402"]["may_stay"] is False
    assert water["reply_limits_s"] == {}
    assert water["gbt39666"] is None


def test_every_row_is_there_in_both_languages_and_every_leaf_may_be_chosen() -> None:
    found = categories()
    assert [code for code, item in found.items() if len(item["names"]) != len(item["names_en"])] == []
    assert [code for code, item in found.items() if item["leaf"] and not item["may_stay"]] == []


def test_limits_are_told_in_seconds(tmp_path) -> None:
    for name in ("units.csv", "gazetteer.csv", "taxonomy.csv"):
        text = (INSTALLATION / "config" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(",true,,true,,2026", ",true,complaint=36h,true,,2026", 1), "utf-8")
    table = json.loads(Catalogue.read(tmp_path).taxonomy.body)
    limited = [item["reply_limits_s"] for item in table["items"] if item["reply_limits_s"]]
    assert limited == [{"complaint": 36 * 3600}]
