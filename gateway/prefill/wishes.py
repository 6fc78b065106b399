"""The requester's own wishes: secrecy, anonymity, accessibility, and how to be reached.

One rule for all: a wish counts where nobody denies it (不用保密), nobody else has it (他要求匿名) and no thing is named
by its words (保密局); what is said last of one kind counts. Its evidence is the words themselves.
"""

from __future__ import annotations

import re
from typing import Any

from gateway.domain.guess import Guess
from gateway.prefill import wish_words as words

_SURE = 0.85
_CLAUSE_END = re.compile(r"[，。！？；,.!?;：:\n]")
_WINDOW = 30
"""Characters before a wish that still belong to its clause."""
_BARE = frozenset({"保密", "匿名"})
"""Words that are a wish only where something asks for them."""
_FLAGS: tuple[tuple[str, Any, re.Pattern[str]], ...] = (
    ("requester.secret", True, words.SECRET),
    ("requester.anonymous", True, words.ANONYMOUS),
    ("requester.kind", "visitor", words.VISITOR),
    ("requester.contact_by", "message", words.MESSAGE),
)


def wishes(text: str) -> list[Guess]:
    """At most one guess each for secret, anonymous, kind (visitor), contact_by (message) and accessibility."""
    found = [_guess(path, value, span) for path, value, pattern in _FLAGS if (span := _wish(text, pattern))]
    abilities = {name: span for name, pattern in words.ABILITIES.items() if (span := _wish(text, pattern))}
    if abilities:
        found.append(_guess("requester.accessibility", list(abilities), min(abilities.values())))
    return found


def _guess(path: str, value: Any, span: tuple[int, int]) -> Guess:
    return Guess(path=path, value=value, source="rule", span=span, confidence=_SURE)


def _wish(text: str, pattern: re.Pattern[str]) -> tuple[int, int] | None:
    """Where the last thing that ``text`` says in these words is said; None where that is no wish."""
    last: tuple[int, int] | None = None
    done = 0
    for match in pattern.finditer(text):
        before = _CLAUSE_END.split(text[max(done, match.start() - _WINDOW) : match.start()])[-1]
        done = match.end()
        if words.DENIED.search(before):
            last = None
        elif not words.ASKED.search(before) and not _of_others(before) and _asked_for(match.group(), before):
            last = match.span()
    return last


def _asked_for(said: str, before: str) -> bool:
    if said not in _BARE or not before.strip():
        return True
    return words.REQUEST.search(before) is not None or words.OWN.search(before) is not None


def _of_others(before: str) -> bool:
    """Whether the clause so far speaks of somebody else, whose wish or state it is then."""
    others = list(words.OTHERS.finditer(before))
    if not others:
        return False
    other = others[-1]
    behind = before[other.end() :]
    if words.MADE_TO.match(behind):
        return True
    if words.OWN.search(behind):
        return False
    earlier = before[: other.start()]
    return not (words.PLEASE.search(behind) and (words.AIMS.search(earlier) or words.OWN.search(earlier)))
