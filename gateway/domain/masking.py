"""Personal values for eyes that need not see them. Lengths stay, so that evidence spans still fit the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

MASK = "*"
_DIGIT = "0-9０-９〇零幺一二三四五六七八九"
_RUN = re.compile(rf"[{_DIGIT}](?:[\s\-,.，、]?[{_DIGIT}]){{6,}}[Xx]?")
_HEAD, _TAIL = 3, 4
_PHONE_PATHS = frozenset({"requester.phone", "requester.callback_phone", "demand.complained_about.phone"})
_SAID_PATHS = frozenset({"demand.title", "demand.content", "demand.complained_about.name", "place.address"})
_RAW_KEYS = ("from_raw", "asserted_identity", "diversion")
_STARS = re.compile(r"\*+")
_COMPARED = 2000
"""Longer passages are not compared letter by letter; a mask within them counts as altered."""
_PERSON_MAX = 4
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤符吉云欧阳司上官诸葛老小阿"
)
"""First characters of most people's names."""
_NOT_A_PERSON = tuple("店厂局行院校园场馆司部队所站摊厅吧城楼会社村区街路")
"""What a name of a place, a shop or an office ends with; people's names do not."""


def phone(value: str | None) -> str | None:
    """``138****8000`` of ``13800138000``, ``+86138****8000`` of its E.164 form; short ones keep two digits."""
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


def wholly(value: str | None) -> str | None:
    """Nothing but stars and blanks: for people who asked that nobody learns who they are."""
    return value and "".join(c if c.isspace() else MASK for c in value)


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


def is_person(value: str) -> bool:
    """Whether the name of a complained-about party may be a person's: shops, offices and firms are no secret."""
    if any("\u4e00" <= c <= "\u9fff" for c in value):
        return len(value) <= _PERSON_MAX and value[0] in _SURNAMES and not value.endswith(_NOT_A_PERSON)
    return not any(c.isdigit() for c in value)


class Veil:
    """How one record is masked: the names that its pre-fill found are hidden wherever they occur in its texts."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        """For ``record``, complete or as it stands in lists."""
        requester = record.get("requester") or {}
        hidden = bool(requester.get("secret") or requester.get("anonymous"))
        self.phone: Callable[[str | None], str | None] = wholly if hidden else phone
        self.name: Callable[[str | None], str | None] = wholly if hidden else name
        names = set(_names(record))
        self._names = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True)))) if names else None

    def text(self, value: str | None) -> str | None:
        """What was said or written, without its numbers and the names of people."""
        masked = text(value)
        if not masked or self._names is None:
            return masked
        return self._names.sub(lambda found: self.name(found.group()) or "", masked)

    def field(self, path: str, value: Any) -> Any:
        """The value of a record path as it may be shown."""
        if not isinstance(value, str):
            return value
        if path in _PHONE_PATHS:
            return self.phone(value)
        if path == "requester.name":
            return self.name(value)
        return self.text(value) if path in _SAID_PATHS else value


def _names(record: Mapping[str, Any]) -> Iterable[str]:
    """Names of people in ``record``, of two characters and more: one alone stands in too many other words."""
    requester, demand, prefill = (record.get(key) or {} for key in ("requester", "demand", "prefill"))
    about = (demand.get("complained_about") or {}).get("name")
    content = demand.get("content") or ""
    found = [requester.get("name"), about if about and is_person(about) else None]
    fields = prefill.get("fields") or {}
    found.append((fields.get("requester.name") or {}).get("value"))
    for mention in prefill.get("mentions") or ():
        if mention["kind"] == "person":
            found += [mention["value"], content[slice(*mention["span"])] if mention.get("span") else None]
    return (name for name in found if isinstance(name, str) and len(name) > 1)


def record(full: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a record, or of a list item, with personal values masked."""
    veil = Veil(full)
    out = dict(full)
    requester = dict(out.get("requester") or {})
    if requester:
        requester["name"] = veil.name(requester.get("name"))
        for key in ("phone", "callback_phone"):
            requester[key] = veil.phone(requester.get(key))
        out["requester"] = requester
    demand = dict(out.get("demand") or {})
    if demand:
        about = demand.get("complained_about")
        if about:
            shown = {"name": veil.text(about.get("name")), "phone": veil.phone(about.get("phone"))}
            demand["complained_about"] = {**about, **shown}
        for key in ("title", "content"):
            demand[key] = veil.text(demand.get(key))
        out["demand"] = demand
    place = out.get("place")
    if place:
        out["place"] = {**place, "address": veil.text(place.get("address"))}
    out["interactions"] = [_interaction(item, veil) for item in out.get("interactions") or ()]
    outcome = dict(out.get("outcome") or {})
    if outcome.get("evaluation"):
        outcome["evaluation"] = {**outcome["evaluation"], "comment": veil.text(outcome["evaluation"].get("comment"))}
        out["outcome"] = outcome
    prefill = dict(out.get("prefill") or {})
    if prefill:
        prefill["fields"] = {
            path: {**entry, "value": veil.field(path, entry.get("value"))}
            for path, entry in (prefill.get("fields") or {}).items()
        }
        prefill["mentions"] = [_mention(mention, veil) for mention in prefill.get("mentions") or ()]
        out["prefill"] = prefill
    return out


def _mention(full: Mapping[str, Any], veil: Veil) -> dict[str, Any]:
    hide = {"person": veil.name, "phone": veil.phone, "id_number": veil.text}.get(full["kind"])
    return {**full, "value": hide(full["value"])} if hide else dict(full)


def _interaction(full: Mapping[str, Any], veil: Veil) -> dict[str, Any]:
    out = dict(full)
    for key in _RAW_KEYS:
        out[key] = _raw(out.get(key), veil)
    if "transcript" in out:
        out["transcript"] = [
            {
                **segment,
                "text": veil.text(segment.get("text")),
                "corrected_text": veil.text(segment.get("corrected_text")),
            }
            for segment in out["transcript"] or ()
        ]
    if "messages" in out:
        out["messages"] = [{**message, "text": veil.text(message.get("text"))} for message in out["messages"] or ()]
    return out


def _raw(value: str | None, veil: Veil) -> str | None:
    """A SIP or sender address: digits masked, of people who hide all of them."""
    if value and veil.phone is wholly:
        return _RUN.sub(lambda found: MASK * len(found.group()), value)
    return text(value)


def callback(full: Mapping[str, Any]) -> dict[str, Any]:
    """A callback task with its phone masked."""
    return {**full, "phone": phone(full.get("phone"))}


def restored(sent: str, stored: str, shown: str) -> str | None:
    """``sent``, a text edited from ``shown`` (``stored``, masked), with what the masks hide put back.

    None when a mask was altered so that it cannot be told what it hides: saving that would lose it.
    """
    if MASK not in sent:
        return sent
    letters = list(sent)
    for at, to, size in _alike(shown, sent):
        for run in _STARS.finditer(shown, at, at + size):
            known = run.start() > at or at == to == 0  # what stands before it tells which mask it is
            if known and shown[run.end() : run.end() + 1] != MASK:
                letters[to + run.start() - at : to + run.end() - at] = stored[run.start() : run.end()]
    sent = "".join(letters)
    return sent if sent.count(MASK) <= stored.count(MASK) else None


def _alike(a: str, b: str) -> Iterable[tuple[int, int, int]]:
    """Where ``a`` and ``b`` agree: (place in a, place in b, length). What lies between two equal ends is compared."""
    shorter = min(len(a), len(b))
    head = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    tail = next((n for n in range(shorter - head) if a[-1 - n] != b[-1 - n]), shorter - head)
    yield 0, 0, head
    if max(len(a), len(b)) - head - tail <= _COMPARED:
        matcher = SequenceMatcher(None, a[head : len(a) - tail], b[head : len(b) - tail], autojunk=False)
        for block in matcher.get_matching_blocks():
            yield head + block.a, head + block.b, block.size
    yield len(a) - tail, len(b) - tail, tail
