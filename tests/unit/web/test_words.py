"""The desk's words: every event that the house writes has a name in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.callback_work import EVENTS
from gateway.domain.words import GIVEN
from gateway.intake.ticket.source_callbacks import TOLD
from gateway.intake.ticket.titles import WRITTEN
from gateway.storage.apply_callbacks import CANCELLED, DONE, NUMBER_CHANGED, OPENED, REASON_ADDED
from gateway.storage.erasure_ticket import ERASED

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
BUILT = {
    "message": {"sent", "delivered", "read", "failed"},  # DeliveryUpdate.state
    "attachment": {"stored", "failed", "transcribed"},
    "ticket": {"progress_asked", "urged", "added_to"},
}
"""What the events are called whose types are put together."""
NAMED = {
    "record.py:event": {
        "interaction.answered",
        "interaction.line_chosen",
        "transcript.segment",
        "transcript.completed",
        "ticket.demand_taken",
        "callback.requested",
    },
    "corrections.py:kind": {"ticket.corrected"},
    "similar.py:kind": {"ticket.merged", "ticket.unmerged"},
    "source_callbacks.py:TOLD": {TOLD},
    "titles.py:WRITTEN": {WRITTEN},
}
"""What they are called where a name stands for the type, by module and name."""


STORES = {*EVENTS.values(), OPENED, REASON_ADDED, NUMBER_CHANGED, DONE, CANCELLED, ERASED}
"""What the store tells by itself: of calls that are owed, and of erasures."""


def written() -> Iterator[str]:
    """Types given to ``NewEvent`` as they stand, and those of ``BUILT`` and ``NAMED``."""
    for module in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "NewEvent"):
                continue
            [kind] = [keyword.value for keyword in node.keywords if keyword.arg == "type"]
            if isinstance(kind, ast.Constant):
                yield kind.value
            elif isinstance(kind, ast.JoinedStr):
                beginning = kind.values[0].value.rstrip(".")
                yield from (f"{beginning}.{ending}" for ending in BUILT[beginning])
            else:
                yield from NAMED[f"{module.name}:{ast.unparse(kind)}"]


def test_every_status_that_the_house_gives_is_offered_and_no_other() -> None:
    texts = [module.read_text(encoding="utf-8") for module in sorted((ROOT / "gateway").rglob("*.py"))]
    given = {name for text in texts for name in re.findall(r"\bStatus\.([A-Z]+)\.value\b", text)}
    assert given == {status.name for status in GIVEN}, "words.GIVEN names the statuses that are written with .value"


def test_every_event_has_a_name_in_both_languages() -> None:
    types = set(written()) | STORES
    assert len(types) > 15
    words = (ROOT / "gateway/web/static/desk/words.js").read_text(encoding="utf-8")
    tables = re.findall(r"^  events: \{(.*?)^  \},", words, re.DOTALL | re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        assert types - set(re.findall(r'"([a-z_]+\.[a-z_]+)":', table)) == set()
