"""Names of the speaker and of persons they mention, only after words that announce a name: a street is no person."""

from __future__ import annotations

import re

from gateway.domain.guess import Guess, Mention
from gateway.prefill.extract.surnames import COMMON, GIVEN, NO_PEOPLE, NOT_A_NAME, SURNAME, TITLE
from gateway.prefill.outside import CITIES, PROVINCES

_FULL = rf"{SURNAME}{GIVEN}"
_END = r"(?=[^一-鿿]|$)"
_OWN = (
    (re.compile(rf"姓(?P<s>{SURNAME})[,，、\s]?(?:我)?(?:名字|名)?叫(?P<n>(?P=s){GIVEN})"), 0.85),
    (
        re.compile(rf"(?:我叫做?|我的?名字(?:是|叫)|姓名(?:是|叫|[:：])?|本人叫|我全名叫?|我这边叫)\s?(?P<n>{_FULL})"),
        0.85,
    ),
    (re.compile(rf"本人(?:是)?(?P<n>{_FULL}){_END}"), 0.8),
    (
        re.compile(
            rf"(?:我是|我姓|叫我|本人姓|我这边姓|免贵姓|我叫|[，,。\s]姓)\s?(?P<n>{SURNAME}(?:先生|女士|小姐|太太|阿姨|师傅|老师))"
        ),
        0.8,
    ),
    (re.compile(rf"我是(?P<n>{_FULL}){_END}"), 0.6),
)
_SURNAME_ONLY = re.compile(rf"(?:免贵姓|我姓|本人姓|敝姓|我这边姓)\s?(?P<n>{SURNAME})")
_ENGLISH_WORD = (
    r"(?!(?:and|i|from|calling|my|im|the|at|with|here|speaking|phone|living|live|but|so|we|in|on|a|is|it|you)\b)"
    r"[A-Za-z][a-zA-Z'’-]{0,20}"
)
_ENGLISH = (
    (
        re.compile(
            rf"\bmy (?:full )?name(?:'s|’s| is)\s+(?P<n>{_ENGLISH_WORD}(?: {_ENGLISH_WORD}){{0,2}})", re.IGNORECASE
        ),
        0.8,
    ),
    (re.compile(r"\b[Tt]his is (?P<n>[A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,2}) (?:speaking|calling|here)\b"), 0.75),
    (re.compile(r"\bI(?:'m|’m| am) (?P<n>[A-Z][a-z]{1,20} [A-Z][a-z]{1,20})(?=[,.]|$| and\b| from\b)"), 0.65),
)
_ROLE = (
    "老板娘|老板|经理|店长|负责人|司机|业主|房东|邻居|村长|书记|主任|医生|老师|工作人员|法人代表|法人|中介|队长|所长|销售|员工|导游|教练|包工头|"
    "儿子|女儿|老公|老婆|爸爸|妈妈|父亲|母亲|爱人|丈夫|妻子|孩子|同事|朋友|人"
)
_OTHERS = (
    (re.compile(rf"(?:{_ROLE})(?:名字)?(?:叫做?|名叫|姓名是)(?P<n>{_FULL})"), 0.75),
    (re.compile(rf"(?:有个|一个|名字|个)叫(?P<n>{_FULL})(?=的|[^一-鿿]|$)"), 0.65),
    (
        re.compile(
            rf"(?:老板娘|老板|经理|店长|负责人|司机|房东|法人代表|法人|导游)(?P<n>{_FULL})(?=[^一-鿿]|$|[不说打骂欠骗在])"
        ),
        0.6,
    ),
    (re.compile(rf"(?:^|[^一-鿿]|[是的叫找给跟和向由被让位联])(?P<n>[{COMMON}](?:{TITLE}))"), 0.6),
    (re.compile(rf"(?:(?:{_ROLE})|那个人|对方)姓(?P<n>{SURNAME})"), 0.6),
)


def requester_name(text: str) -> Guess | None:
    """The name under which who speaks presents themselves; of several sayings the surest, of equal ones the first.

    A surname alone (免贵姓李) becomes 李先生/女士: a form needs something to address people by.
    """
    best: Guess | None = None
    for pattern, confidence in (*_OWN, *_ENGLISH):
        for match in pattern.finditer(text):
            if not _is_name(match["n"]) or (best is not None and best.confidence >= confidence):
                continue
            name = match["n"]
            value = name.title() if name.isascii() and name.islower() else name
            best = Guess(path="requester.name", value=value, source="rule", span=match.span("n"), confidence=confidence)
    if best is None and (bare := _SURNAME_ONLY.search(text)) is not None:
        value = f"{bare['n']}先生/女士"
        best = Guess(path="requester.name", value=value, source="rule", span=bare.span("n"), confidence=0.6)
    return best


def people(text: str, requester: Guess | None = None) -> list[Mention]:
    """Persons named in ``text``, each place once; ``requester`` as :func:`requester_name` found them."""
    found: list[Mention] = []
    taken: set[int] = set()
    if requester is not None and requester.span is not None:
        found.append(_person(requester.value, requester.span, requester.confidence))
        taken.update(range(*requester.span))
    for pattern, confidence in _OTHERS:
        for match in pattern.finditer(text):
            span = match.span("n")
            if taken.isdisjoint(range(*span)) and _is_name(match["n"]):
                found.append(_person(match["n"], span, confidence))
                taken.update(range(*span))
    return sorted(found, key=lambda m: m.span)


def _person(name: str, span: tuple[int, int], confidence: float) -> Mention:
    return Mention(kind="person", value=name, span=span, confidence=confidence)


def _is_name(name: str) -> bool:
    return not name.endswith(NOT_A_NAME) and name not in NO_PEOPLE and name not in CITIES and name not in PROVINCES
