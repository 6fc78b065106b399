"""Personal values for eyes that need not see them. Lengths stay, so that evidence spans still fit the text.

How one value is masked stands here, and how the texts of one record are (``Veil``); which field of a record is masked
in which way, in ``gateway.domain.masking``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.domain import surnames
from gateway.domain.said_digits import GAP, TOKEN, said

MASK = "*"
_RUN = re.compile(rf"{TOKEN}(?:{GAP}{TOKEN}){{4,}}[Xx]?")
_EACH = re.compile(rf"{TOKEN}|[Xx]$")
_SHORTEST = 7
"""Fewer digits are a house, a year, a hotline."""
_OWN = re.compile(r"((?<![0-9A-Za-z])20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[- ]?[0-9]{7}(?![0-9]))")
"""A number of one of our tickets: a date and seven digits. No identity number begins with 20."""
_HEAD, _TAIL = 3, 4
_MAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+[@＠][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MAIL_KEPT = frozenset("@＠.")
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
PRIVATE_KINDS = _NUMBER_KINDS | {"person"}
"""Kinds of mentions that are hidden wherever they are said."""


def is_hidden(requester: Mapping[str, Any] | None) -> bool:
    """Whether somebody asked that nobody learns who they are: ``secret`` (保密) or ``anonymous`` (匿名)."""
    return requester is not None and bool(requester.get("secret") or requester.get("anonymous"))


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
    """Runs of seven and more digits lose their middle, however written or said; addresses of mail lose everything.

    The number of a ticket is no personal value and stays.
    """
    if not value:
        return value
    return _without_mail(_masked_runs(value, _mask_run))


def text_wholly(value: str | None) -> str | None:
    """Likewise, but of a number not even its ends are left."""
    if not value:
        return value
    return _without_mail(_masked_runs(value, _mask_whole_run))


def _masked_runs(value: str, mask: Callable[[re.Match[str]], str]) -> str:
    """``value`` with each run of digits masked, but for the numbers of our own tickets."""
    return "".join(part if n % 2 else _RUN.sub(mask, part) for n, part in enumerate(_OWN.split(value)))


def _without_mail(value: str) -> str:
    if "@" not in value and "＠" not in value:
        return value
    return _MAIL.sub(lambda found: "".join(c if c in _MAIL_KEPT else MASK for c in found.group()), value)


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


def _mask_whole_run(found: re.Match[str]) -> str:
    run = found.group()
    total = sum(_count(token.group()) for token in _EACH.finditer(run))
    return run if total < _SHORTEST else _starred(run, [(0, len(run))])


def _count(word: str) -> int:
    """How many digits ``word`` says; the X that ends an identity number is one."""
    return 1 if word in "Xx" else len(said(word))


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
        """For ``record``, complete or as it stands in lists; sections that it lacks hide nothing."""
        self.hidden = is_hidden(record.get("requester"))
        self.phone: Callable[[str | None], str | None] = wholly if self.hidden else phone
        self.name: Callable[[str | None], str | None] = wholly if self.hidden else name
        self._numbers: Callable[[str | None], str | None] = text_wholly if self.hidden else text
        said = {one: self._number(one) for one in _numbers(record)}
        self._said = {one: mask for one, mask in said.items() if mask != self._numbers(one)}
        """Numbers that do not look like one by themselves."""
        self.names = frozenset((*_names(record), *(_told_of_hidden(record) if self.hidden else ())))
        self._known = {one: self.name(one) or "" for one in self.names} | self._said

    @property
    def numbers(self) -> frozenset[str]:
        """Numbers that are known only because pre-fill found them."""
        return frozenset(self._said)

    def _number(self, said: str) -> str:
        """``said`` with its middle hidden: by its digits, else by its letters."""
        masked = self._numbers(said) or ""
        if masked != said:
            return masked
        if self.hidden:
            return wholly(said) or ""
        return said[:_HEAD] + MASK * (len(said) - _HEAD - _TAIL) + said[-_TAIL:] if len(said) > _HEAD + _TAIL else said

    def text(self, value: str | None) -> str | None:
        """What was said or written, without its numbers, its addresses of mail and the names of people."""
        masked = self._numbers(value)
        if not value or not masked or not self._known:
            return masked
        words = _small(value)
        letters: list[str] | None = None
        for one, shown in self._known.items():  # in the words as they are: a mask must not hide a name from us
            sought = _small(one)
            at = words.find(sought)
            while at >= 0:
                letters = letters or list(masked)
                for n, letter in enumerate(shown, at):
                    if letter == MASK:
                        letters[n] = MASK
                at = words.find(sought, at + 1)
        return masked if letters is None else "".join(letters)


def _small(value: str) -> str:
    """``value`` in small letters, at the same places: some capitals are two small ones, and then all stays."""
    small = value.lower()
    return small if len(small) == len(value) else value


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


def _told_of_hidden(record: Mapping[str, Any]) -> Iterable[str]:
    """What else tells who somebody is that wants to stay unknown: their firm, its code, 张先生 of 张三."""
    requester = record.get("requester") or {}
    yield from (
        value for key in ("org_name", "uscc") if isinstance(value := requester.get(key), str) and len(value) > 1
    )
    called = requester.get("name")
    if isinstance(called, str) and _HAN.match(called):
        yield from (
            called[0] + title for title in ("先生", "女士", "小姐", "太太", "师傅", "老师", "经理", "阿姨", "某")
        )


def _numbers(record: Mapping[str, Any]) -> Iterable[str]:
    """What ``demand.content`` says where pre-fill found a telephone or identity number.

    A mention without a span stands for words that the content does not hold any more; others of the record may.
    """
    content = (record.get("demand") or {}).get("content") or ""
    mentions = [one for one in (record.get("prefill") or {}).get("mentions") or () if one["kind"] in _NUMBER_KINDS]
    said = (content[slice(*one["span"])] if one.get("span") else one["value"] for one in mentions)
    return (one for one in said if isinstance(one, str) and len(one) > _HEAD + _TAIL)
