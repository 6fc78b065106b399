"""Personal values for eyes that need not see them. Lengths stay, so that evidence spans still fit the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any

from gateway.domain import surnames

MASK = "*"
_DIGIT = "0-9０-９〇零洞幺一二两三四五六七八九"
_TIMES = dict(zip("两二三四234", (2, 2, 3, 4, 2, 3, 4), strict=True)) | {"double": 2, "triple": 3}
"""How many digits 三个零 and "double zero" are."""
_WORD = (
    r"(?i:(?<![a-z])(?:(?:double|triple)\s{1,3})?(?:zero|one|two|three|four|five|six|seven|eight|nine|oh?)(?![a-z]))"
)
_TOKEN = rf"(?:(?:[两二三四2-4]个)?[{_DIGIT}]|{_WORD})"
_GAP = r"[\s,，、.。\-—–·()（）嗯呃]{0,3}"
"""What may stand between the digits of one number: whatever pre-fill reads over in telephone numbers, too."""
_RUN = re.compile(rf"{_TOKEN}(?:{_GAP}{_TOKEN}){{4,}}[Xx]?")
_EACH = re.compile(rf"{_TOKEN}|[Xx]$")
_SHORTEST = 7
"""Fewer digits are a house, a year, a hotline."""
_HEAD, _TAIL = 3, 4
_PHONE_PATHS = frozenset({"requester.phone", "requester.callback_phone", "demand.complained_about.phone"})
_SAID_PATHS = frozenset({"demand.title", "demand.content", "demand.complained_about.name", "place.address"})
_RAW_KEYS = ("from_raw", "asserted_identity", "diversion")
_STARS = re.compile(r"\*+")
_COMPARED = 2000
"""Longer passages are not compared letter by letter; a mask within them counts as altered."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_TITLED = re.compile(rf"(?:{surnames.TITLE})$")
_FULL_NAME = re.compile(
    rf"(?:{surnames.DOUBLE})\w{{0,2}}|[{surnames.COMMON}{surnames.RARE}]\w{{0,2}}|[老小][{surnames.COMMON}]|阿\w{{1,3}}|\w+·\w+"
)
"""A Chinese name: one or two characters after the surname, 老王, 阿强, and 艾力·买买提."""
_NOT_A_PERSON = tuple("店厂局行院校园场馆司部队所站摊厅吧城楼会社村区街路")
"""What a name of a place, a shop or an office ends with; people's names do not."""
_PLACE_BEFORE = frozenset("省市区县镇乡道街路村")
"""After these (or first) a place's own name stands in an address; a person's stands after 找, 联系 and the like."""
_HOME_AFTER = frozenset("家的住")
_PLACE_KEYS = ("district", "street", "community")
_NUMBER_KINDS = frozenset({"phone", "id_number"})


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
    """Runs of seven and more digits lose their middle, however written or said: phones, identity cards."""
    if not value:
        return value
    return _RUN.sub(_mask_run, value)


def _mask_run(found: re.Match[str]) -> str:
    run = found.group()
    tokens = [(token.span(), _count(token.group())) for token in _EACH.finditer(run)]
    total = sum(count for _, count in tokens)
    if total < _SHORTEST:
        return run
    head, tail = (_HEAD, _TAIL) if total > _HEAD + _TAIL else (0, 2)
    before, hidden = 0, []
    for span, count in tokens:
        if before + count > head and before < total - tail:
            hidden.append(span)
        before += count
    if any(end - start > 1 for start, end in hidden):  # how long each word is would tell which
        hidden = [(hidden[0][0], hidden[-1][1])]
    return _starred(run, hidden)


def _count(token: str) -> int:
    """How many digits ``token`` says."""
    times, spaced, _ = token.partition("个") if "个" in token else token.rpartition(" ")
    return _TIMES.get(times.strip().lower(), 1) if spaced else 1


def _starred(value: str, spans: Iterable[tuple[int, int]]) -> str:
    letters = list(value)
    for start, end in spans:
        letters[start:end] = MASK * len(letters[start:end])
    return "".join(letters)


def is_person(value: str) -> bool:
    """Whether the name of a complained-about party may be a person's: shops, offices and firms are no secret."""
    if _HAN.search(value) is None:
        return not any(c.isdigit() for c in value)
    if value in surnames.NO_PEOPLE or value.endswith(_NOT_A_PERSON):
        return False
    return _FULL_NAME.fullmatch(_TITLED.sub("", value)) is not None


def _is_place(value: str, record: Mapping[str, Any]) -> bool:
    """Whether the record's place says that ``value`` names where it is, or pre-fill that it is an organisation."""
    place, prefill = record.get("place") or {}, record.get("prefill") or {}
    if any(one["kind"] == "organisation" and one["value"] == value for one in prefill.get("mentions") or ()):
        return True
    if any(str((place.get(key) or {}).get("name") or "").startswith(value) for key in _PLACE_KEYS):
        return True
    address = place.get("address") or ""
    at = address.find(value)
    if at < 0:
        return False
    return (at == 0 or address[at - 1] in _PLACE_BEFORE) and address[at + len(value) :][:1] not in _HOME_AFTER


class Veil:
    """How one record is masked: the names that its pre-fill found are hidden wherever they occur in its texts."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        """For ``record``, complete or as it stands in lists."""
        requester = record.get("requester") or {}
        hidden = bool(requester.get("secret") or requester.get("anonymous"))
        self.phone: Callable[[str | None], str | None] = wholly if hidden else phone
        self.name: Callable[[str | None], str | None] = wholly if hidden else name
        said = {one: self._number(one) for one in _numbers(record)}
        self._said = {one: mask for one, mask in said.items() if mask != text(one)}
        """Numbers that do not look like one by themselves."""
        known = {*_names(record), *self._said}
        self._hidden = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True)))) if known else None

    @staticmethod
    def _number(said: str) -> str:
        """``said`` with its middle hidden: by its digits, else by its letters."""
        masked = text(said) or ""
        if masked != said:
            return masked
        return said[:_HEAD] + MASK * (len(said) - _HEAD - _TAIL) + said[-_TAIL:] if len(said) > _HEAD + _TAIL else said

    def text(self, value: str | None) -> str | None:
        """What was said or written, without its numbers and the names of people."""
        masked = text(value)
        if not value or not masked or self._hidden is None:
            return masked
        letters = list(masked)
        for found in self._hidden.finditer(value):  # of the words as they are: a mask must not hide a name from us
            said = found.group()
            shown = self._said.get(said) or self.name(said) or ""
            for n, (kept, letter) in enumerate(zip(said, shown, strict=True), found.start()):
                if letter != kept:
                    letters[n] = letter
        return "".join(letters)

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
    found = [requester.get("name")]
    if about and is_person(about) and not _is_place(about, record):
        bare = _TITLED.sub("", about)
        found.append(bare if len(bare) > 1 else about)
    fields = prefill.get("fields") or {}
    found.append((fields.get("requester.name") or {}).get("value"))
    for mention in prefill.get("mentions") or ():
        if mention["kind"] == "person":
            found += [mention["value"], content[slice(*mention["span"])] if mention.get("span") else None]
    return (name for name in found if isinstance(name, str) and len(name) > 1)


def _numbers(record: Mapping[str, Any]) -> Iterable[str]:
    """What ``demand.content`` says where pre-fill found a telephone or identity number."""
    content = (record.get("demand") or {}).get("content") or ""
    mentions = (record.get("prefill") or {}).get("mentions") or ()
    spans = (one["span"] for one in mentions if one["kind"] in _NUMBER_KINDS and one.get("span"))
    return (said for span in spans if len(said := content[slice(*span)]) > _HEAD + _TAIL)


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
    if out.get("dtmf"):  # a number may have been keyed in
        out["dtmf"] = list(text("".join(out["dtmf"])) or "")
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
