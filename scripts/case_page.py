"""Write the diagrams and tables of docs/case.md and docs/case.zh-CN.md, from the tables of tasks and of statuses.

Run ``.venv/bin/python -m scripts.case_page`` after one of them was altered; a test fails when a page is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.casework.task_work import NEEDS_REASON, NEEDS_WORDS
from gateway.domain.status import CLOSED, OPEN, Status, may_follow
from gateway.domain.task_status import GONE, NEXT, UNIT_VERBS, TaskStatus, TaskVerb
from gateway.domain.words import Term

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {DOCS / "case.md": "en", DOCS / "case.zh-CN.md": "zh"}
"""Each edition with its language."""
_COMMON = NEXT[TaskStatus.WORKING]
AT_WORK = tuple(one for one in TaskStatus if _COMMON.items() <= NEXT[one].items())
"""Tasks that a unit can do everything about; the diagram draws what they share once, from ``GROUP``."""
GROUP = "at_work"
_WAYS_OUT = CLOSED - {Status.ARCHIVED}


def _name(word: Term, language: str) -> str:
    return word.zh if language == "zh" else word.en


def _diagram(words: Iterator[Term], lines: Iterator[str], language: str) -> str:
    named = [f'  state "{_name(word, language)}" as {word}' for word in words]
    return "\n".join(("```mermaid", "stateDiagram-v2", *named, *(f"  {line}" for line in lines), "```"))


def tasks(language: str) -> str:
    """The machine of a unit's task."""

    def edges() -> Iterator[str]:
        yield f"state {GROUP} <<choice>>"
        yield f"[*] --> {TaskStatus.OFFERED}"
        yield from (f"{one} --> {GROUP}" for one in AT_WORK)
        yield from _verbs(GROUP, dict(_COMMON), language)
        for before, ways in NEXT.items():
            shared = _COMMON if before in AT_WORK else {}
            yield from _verbs(before, {verb: to for verb, to in ways.items() if verb not in shared}, language)
        yield from (f"{one} --> [*]" for one in TaskStatus if one in GONE)

    return _diagram(iter(TaskStatus), edges(), language)


def _verbs(before: str, ways: dict[TaskVerb, TaskStatus], language: str) -> Iterator[str]:
    for to in dict.fromkeys(ways.values()):
        verbs = (f"{_name(verb, language)} {verb}" if language == "zh" else verb for verb in ways if ways[verb] is to)
        yield f"{before} --> {to}: {' / '.join(verbs)}"


def verbs(language: str) -> str:
    """Who does what with a task, and what it takes."""
    heads = {
        "en": ("| verb | who | a task that is | takes |", "|---|---|---|---|"),
        "zh": ("| 动作 | 由谁 | 任务处于 | 须有 |", "|---|---|---|---|"),
    }
    unit, centre = ("承办单位、中心", "中心") if language == "zh" else ("unit, centre", "centre")

    def row(verb: TaskVerb) -> str:
        states = (_name(one, language) for one in TaskStatus if verb in NEXT[one])
        between = "、" if language == "zh" else ", "
        who = unit if verb in UNIT_VERBS else centre
        return f"| {_name(verb, language)} `{verb}` | {who} | {between.join(states)} | {_takes(verb)} |"

    return "\n".join((*heads[language], *map(row, TaskVerb)))


def _takes(verb: TaskVerb) -> str:
    needed = (("`reason`", verb in NEEDS_REASON), ("`text`", verb in NEEDS_WORDS))
    own = {TaskVerb.EXTEND: "`until`", TaskVerb.REASSIGN: "`unit`"}.get(verb)
    return " ".join([name for name, takes in needed if takes] + ([own] if own else [])) or "–"


def stages(language: str) -> str:
    """The statuses of a ticket within the loop."""
    loop = [one for one in Status if one not in _WAYS_OUT]

    def edges() -> Iterator[str]:
        yield f"[*] --> {Status.REGISTERED}"
        for before in loop:
            yield from (f"{before} --> {after}" for after in loop if after is not before and may_follow(before, after))
        yield f"{Status.ARCHIVED} --> [*]"

    return _diagram(iter(loop), edges(), language)


def ways_out(language: str) -> str:
    """How tickets leave the loop, and come back."""
    heads = {
        "en": ("| way out | from | comes back as |", "|---|---|---|"),
        "zh": ("| 出口 | 从何状态 | 可回到 |", "|---|---|---|"),
    }
    between = "、" if language == "zh" else ", "

    def named(statuses: Iterator[Status]) -> str:
        return between.join(_name(one, language) for one in statuses) or "–"

    def row(out: Status) -> str:
        others = [one for one in Status if one is not out]
        before = named(one for one in others if one in OPEN and may_follow(one, out))
        back = named(one for one in others if may_follow(out, one))
        return f"| {_name(out, language)} `{out}` | {before} | {back} |"

    return "\n".join((*heads[language], *(row(one) for one in Status if one in _WAYS_OUT)))


PARTS: dict[str, Callable[[str], str]] = {"stages": stages, "ways out": ways_out, "tasks": tasks, "verbs": verbs}
"""What is made, by the name in the marks around it."""


def written(page: str, language: str) -> str:
    """``page`` with its parts as the tables have them."""
    for name, made in PARTS.items():
        begin, end = f"<!-- {name} made by scripts/case_page.py -->\n", f"\n<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page of cases has lost its marks: {begin.strip()} … {end.strip()}")
        page = before + begin + made(language) + end + after
    return page


if __name__ == "__main__":
    for page, language in PAGES.items():
        page.write_text(written(page.read_text(encoding="utf-8"), language), encoding="utf-8")
