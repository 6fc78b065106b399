"""The desk's words: every event that the house writes has a name in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.domain.events import REGISTRY
from gateway.domain.status import GIVEN

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]


def test_every_status_that_the_house_gives_is_offered_and_no_other() -> None:
    texts = [module.read_text(encoding="utf-8") for module in sorted((ROOT / "gateway").rglob("*.py"))]
    given = {
        name for text in texts for name in re.findall(r'"status"[,:] (?:moved\([\w.]+, )?Status\.([A-Z]+)\b', text)
    }
    assert given == {status.name for status in GIVEN}, "status.GIVEN names the statuses that tickets are set to"


def test_every_event_has_a_name_in_both_languages() -> None:
    types = set(REGISTRY)
    words = (ROOT / "gateway/web/static/desk/shared/words.js").read_text(encoding="utf-8")
    tables = re.findall(r"^  events: \{(.*?)^  \},", words, re.DOTALL | re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        assert types - set(re.findall(r'"([a-z_]+\.[a-z_]+)":', table)) == set()
