"""Edits of texts that were shown masked: masked parts are put back, evidence spans move with their words.

Of what a person was not shown, no edit of theirs shows more: not in the text that they edited, nor in any other one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain import masking
from gateway.domain.fields import TABLE, By, Mask
from gateway.domain.restoring import restored
from gateway.web.problems import Problem

Path = tuple[str, ...]
_TEXTS = frozenset(row.path for row in TABLE if By.PERSON in row.by and row.mask is Mask.SAID)
"""What is shown masked and edited all the same."""


class Rewording:
    """One edit of a record by a person who may have seen it masked."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        """Of ``record``, as it is stored."""
        self._record = record
        self._shown = masking.record(record)
        self._hidden: dict[Path | int, frozenset[int]] = {}
        """Where texts hold what was put back: by path, or by the number of the piece of transcript."""

    def value(self, path: str, sent: Any) -> Any:
        """``sent`` for ``path`` as it is to be stored; 422 when it holds a mask that cannot be resolved."""
        if isinstance(sent, Mapping):
            return {key: self.value(f"{path}.{key}", part) for key, part in sent.items()}
        return self._text(path, sent) if path in _TEXTS else sent

    def words(self, sent: str, segment: Mapping[str, Any], interaction_id: str) -> str:
        """A corrected piece of transcript, likewise; it may be made from its recognised or its corrected words."""
        shown = _segment(self._shown, interaction_id, segment["seq"])
        key = "corrected_text" if segment["corrected_text"] else "text"
        return self._restored(segment["seq"], "interactions.transcript", sent, segment[key], shown[key])

    def tells(self, path: str, sent: Any) -> bool:
        """Whether comparing ``sent`` with the guess for ``path`` would tell what the guess's mask hides."""
        guess, shown = (one["prefill"]["fields"].get(path) for one in (self._record, self._shown))
        blind = guess is not None and guess["value"] != shown["value"]
        return blind and isinstance(sent, str) and masking.MASK not in sent

    def check(self, after: Mapping[str, Any], interaction_id: str | None) -> None:
        """422 when the record as it would be, ``after``, shows something that was put back."""
        if not self._hidden:
            return
        shown = masking.record(after)
        for where, hidden in self._hidden.items():
            if isinstance(where, int):
                text = _segment(shown, interaction_id or "", where)["corrected_text"]
            else:
                text = value_at(shown, where)
            if any(text[n] != masking.MASK for n in hidden):
                raise _altered("interactions.transcript" if isinstance(where, int) else ".".join(where))

    def _text(self, path: str, sent: Any) -> Any:
        if not isinstance(sent, str) or masking.MASK not in sent:
            return sent
        where = tuple(path.split("."))
        return self._restored(
            where, path, sent, value_at(self._record, where) or "", value_at(self._shown, where) or ""
        )

    def _restored(self, where: Path | int, path: str, sent: str, stored: str, shown: str) -> str:
        kept = restored(sent, stored, shown)
        if kept is None:
            raise _altered(path)
        self._hidden[where] = kept.hidden
        return kept.text


def _altered(path: str) -> Problem:
    return Problem(422, "masked_value", f"{path}: a masked passage was altered; leave it as it is, or reveal it first.")


def value_at(record: Mapping[str, Any], path: Iterable[str]) -> Any:
    """What stands at ``path``; None where there is nothing."""
    node: Any = record
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _segment(record: Mapping[str, Any], interaction_id: str, seq: int) -> Mapping[str, Any]:
    interaction = next(one for one in record["interactions"] if one["interaction_id"] == interaction_id)
    found: Mapping[str, Any] = next(one for one in interaction["transcript"] if one["seq"] == seq)
    return found


def edited(
    record: Mapping[str, Any], fields: Mapping[Path, Any], interaction_id: str | None, segments: Mapping[int, str]
) -> dict[str, Any]:
    """``record`` as it will be with these fields and corrected pieces of transcript; itself it stays as it is."""
    after = dict(record)
    for path, value in fields.items():
        node = after
        for key in path[:-1]:
            node[key] = dict(node.get(key) or {})
            node = node[key]
        node[path[-1]] = value
    if segments:
        after["interactions"] = [
            {**one, "transcript": [_corrected(piece, segments) for piece in one["transcript"]]}
            if one["interaction_id"] == interaction_id
            else one
            for one in record["interactions"]
        ]
    return after


def _corrected(piece: Mapping[str, Any], segments: Mapping[int, str]) -> Mapping[str, Any]:
    return {**piece, "corrected_text": segments[piece["seq"]]} if piece["seq"] in segments else piece


def still_known(record: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Mentions, without a place, of what is hidden in ``record`` and would not be known for private in ``after``.

    A name that was put right, or whose words left the content, still stands in what was said; so it stays hidden.
    """
    before, later = masking.Veil(record), masking.Veil(after)
    said = json.dumps(record, ensure_ascii=False).casefold()
    lost = dict.fromkeys(before.names - later.names, "person") | dict.fromkeys(before.numbers - later.numbers, "phone")
    return [
        {"kind": kind, "value": word, "span": None, "confidence": 1.0}
        for word, kind in sorted(lost.items())
        if word.casefold() in said
    ]


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
