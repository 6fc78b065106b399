"""Personal values for eyes that need not see them. Lengths stay, so that evidence spans still fit the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "*"
_DIGIT = "0-9０-９〇零幺一二三四五六七八九"
_RUN = re.compile(rf"[{_DIGIT}](?:[\s\-,.，、]?[{_DIGIT}]){{6,}}")
_HEAD, _TAIL = 3, 4
_PHONE_PATHS = frozenset({"requester.phone", "requester.callback_phone", "demand.complained_about.phone"})
_NAME_PATHS = frozenset({"requester.name", "demand.complained_about.name"})
_RAW_KEYS = ("from_raw", "asserted_identity", "diversion")


def phone(value: str | None) -> str | None:
    """``138****8000`` of ``13800008000``, ``+86138****8000`` of its E.164 form; short ones keep two digits."""
    if not value:
        return value
    prefix = ""
    rest = value
    for code in ("+86", "0086"):
        if value.startswith(code):
            prefix, rest = code, value[len(code) :]
            break
    return prefix + _middle(rest)


def _middle(digits: str) -> str:
    if len(digits) >= _HEAD + _TAIL + 2:
        return digits[:_HEAD] + MASK * (len(digits) - _HEAD - _TAIL) + digits[-_TAIL:]
    return MASK * max(0, len(digits) - 2) + digits[-2:]


def name(value: str | None) -> str | None:
    """``张*`` of ``张三``: the first character, a star for each further one that is no blank."""
    if not value:
        return value
    return value[0] + "".join(c if c.isspace() else MASK for c in value[1:])


def text(value: str | None) -> str | None:
    """Runs of seven and more digits (Arabic or Chinese, also grouped) lose their middle: phones, identity cards."""
    if not value:
        return value
    return _RUN.sub(_mask_run, value)


def _mask_run(found: re.Match[str]) -> str:
    run = found.group()
    places = [n for n, c in enumerate(run) if not _is_separator(c)]
    hidden = set(places[_HEAD:-_TAIL] if len(places) > _HEAD + _TAIL else places[:-2])
    return "".join(MASK if n in hidden else c for n, c in enumerate(run))


def _is_separator(char: str) -> bool:
    return char.isspace() or char in "-,.，、"


def record(full: Mapping[str, Any], *, words: bool) -> dict[str, Any]:
    """A copy of a record, or of a list item, with personal values masked.

    ``words`` also masks digit runs in what was said and written (clients that are not at the desk).
    """
    out = dict(full)
    said = text if words else _same
    requester = dict(out.get("requester") or {})
    if requester:
        requester["name"] = name(requester.get("name"))
        for key in ("phone", "callback_phone"):
            requester[key] = phone(requester.get(key))
        out["requester"] = requester
    demand = dict(out.get("demand") or {})
    if demand:
        about = demand.get("complained_about")
        if about:
            demand["complained_about"] = {**about, "name": name(about.get("name")), "phone": phone(about.get("phone"))}
        for key in ("title", "content"):
            demand[key] = said(demand.get(key))
        out["demand"] = demand
    out["interactions"] = [_interaction(item, said) for item in out.get("interactions") or ()]
    outcome = dict(out.get("outcome") or {})
    if outcome.get("evaluation"):
        outcome["evaluation"] = {**outcome["evaluation"], "comment": said(outcome["evaluation"].get("comment"))}
        out["outcome"] = outcome
    prefill = dict(out.get("prefill") or {})
    if prefill:
        prefill["fields"] = {
            path: {**entry, "value": field_value(path, entry.get("value"), words=words)}
            for path, entry in (prefill.get("fields") or {}).items()
        }
        prefill["mentions"] = [
            {**mention, "value": said(mention["value"])} for mention in prefill.get("mentions") or ()
        ]
        out["prefill"] = prefill
    return out


def field_value(path: str, value: Any, *, words: bool) -> Any:
    """The value of a record path as it may be shown."""
    if not isinstance(value, str):
        return value
    if path in _PHONE_PATHS:
        return phone(value)
    if path in _NAME_PATHS:
        return name(value)
    return text(value) if words else value


def _same(value: str | None) -> str | None:
    return value


def _interaction(full: Mapping[str, Any], said: Any) -> dict[str, Any]:
    out = dict(full)
    for key in _RAW_KEYS:
        out[key] = text(out.get(key))
    if "transcript" in out:
        out["transcript"] = [
            {**segment, "text": said(segment.get("text")), "corrected_text": said(segment.get("corrected_text"))}
            for segment in out["transcript"] or ()
        ]
    if "messages" in out:
        out["messages"] = [{**message, "text": said(message.get("text"))} for message in out["messages"] or ()]
    return out


def callback(full: Mapping[str, Any]) -> dict[str, Any]:
    """A callback task with its phone masked."""
    return {**full, "phone": phone(full.get("phone"))}


def is_masked(value: str | None) -> bool:
    """Whether a value sent to us is one that we masked: it must not overwrite the real one."""
    return bool(value) and MASK in (value or "")
