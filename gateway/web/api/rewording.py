"""A person edits a text: what its masks hide is put back, and evidence moves along with the words it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain import masking
from gateway.web.problems import Problem

Path = tuple[str, ...]
_TEXTS = frozenset({"demand.title", "demand.content", "demand.complained_about.name", "place.address"})


def unmasked(record: Mapping[str, Any], path: str, value: Any) -> Any:
    """``value`` for ``path`` as it is to be stored; 422 when it holds a mask that cannot be resolved."""
    if path not in _TEXTS or not isinstance(value, str) or masking.MASK not in value:
        return value
    return _restored(path, value, _at(record, path) or "", _at(masking.record(record), path) or "")


def unmasked_words(record: Mapping[str, Any], sent: str, segment: Mapping[str, Any]) -> str:
    """A corrected piece of transcript, likewise; it may be made from its recognised or its corrected words."""
    said = segment["corrected_text"] or segment["text"]
    return _restored("interactions.transcript", sent, said, masking.Veil(record).text(said) or "")


def _restored(path: str, sent: str, stored: str, shown: str) -> str:
    kept = masking.restored(sent, stored, shown)
    if kept is None:
        raise Problem(
            422, "masked_value", f"{path}: a masked passage was altered; leave it as it is, or reveal it first."
        )
    return kept


def _at(record: Mapping[str, Any], path: str) -> Any:
    node: Any = record
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def moved_evidence(record: Mapping[str, Any], content: str | None) -> dict[Path, Any]:
    """Changes that make spans fit a new ``demand.content``: where the words stand now, or nowhere."""
    before, after = record["demand"]["content"] or "", content or ""
    changes: dict[Path, Any] = {}
    for path, entry in record["prefill"]["fields"].items():
        if entry.get("span") and path != "demand.content":
            changes["prefill", "fields", path] = {**entry, "span": _moved(entry["span"], before, after)}
    mentions = [
        {**one, "span": one["span"] and _moved(one["span"], before, after)} for one in record["prefill"]["mentions"]
    ]
    changes["prefill", "mentions"] = [
        one
        for one, was in zip(mentions, record["prefill"]["mentions"], strict=True)
        if one["span"] is not None or was["span"] is None  # said in a message, not in the content: names stay known
    ]
    return changes


def _moved(span: list[int], before: str, after: str) -> list[int] | None:
    quote = before[span[0] : span[1]]
    if not quote:
        return None
    # Of several the one whose distance from either end changed least: the next to where each end says it stands.
    expected = (span[0], len(after) - len(before) + span[0])
    starts = sorted({n for place in expected for n in _around(quote, after, place) if n >= 0})
    if not starts:
        return None
    start = min(starts, key=lambda n: min(abs(n - place) for place in expected))
    return [start, start + len(quote)]


def _around(quote: str, text: str, place: int) -> tuple[int, int]:
    """Where ``quote`` begins last before or at ``place`` and first at or after it; -1 where it does not."""
    return text.rfind(quote, 0, max(0, place + len(quote))), text.find(quote, max(0, place))
