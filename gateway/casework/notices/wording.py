"""What a letter to a unit says: ticket number, category, street, due time and a link, and nothing else of a ticket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from gateway.domain.case.policy import ClockKind
from gateway.domain.events import REGISTRY
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, spelled_no
from gateway.ports.notices import Letter, NoticeLine

Language = Literal["zh", "en"]
_WORDS = {
    "zh": {"due": "时限", "more": "另有 {n} 件，见链接。", "many": "共 {n} 件：{what}", "urgent": "紧急", "and": "，"},
    "en": {
        "due": "due",
        "more": "{n} more behind the link.",
        "many": "{n} tickets: {what}",
        "urgent": "URGENT",
        "and": ", ",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How this city's letters are written."""

    language: Language
    zone: tzinfo
    link: str
    """Where units see their tasks."""
    desk: str
    """Where the centre sees its tickets."""
    at_desk: Collection[str] = ()
    """Codes of the units that work there."""

    def subject(self, letter: Letter) -> str:
        """One line that says what it is about."""
        words, lines = _WORDS[self.language], latest(letter.lines)
        urgent = self._urgent(letter)
        if len(lines) == 1:
            return f"{urgent}12345 {self._what(lines[0])} {spelled_no(lines[0].ticket_no)}"
        counted = Counter(self._what(line) for line in lines).most_common()
        what = words["and"].join(f"{name} {n}" for name, n in counted)
        return f"{urgent}12345 {words['many'].format(n=len(lines), what=what)}"

    def text(self, letter: Letter, most_lines: int) -> str:
        """The whole of it: a line for each ticket, the oldest first, up to ``most_lines``; the others are counted."""
        lines = latest(letter.lines)
        if len(lines) == 1:
            return f"{self._urgent(letter)}12345 {self._line(lines[0])}\n{self._link(letter)}"
        told = [self.subject(letter), *(self._line(line) for line in lines[:most_lines])]
        if (more := len(lines) - most_lines) > 0:
            told.append(_WORDS[self.language]["more"].format(n=more))
        return "\n".join([*told, self._link(letter)])

    def _link(self, letter: Letter) -> str:
        """To the one task or ticket that it is about, else to where all of them are."""
        lines = latest(letter.lines)
        alone = lines[0] if len(lines) == 1 else None
        if letter.unit in self.at_desk:
            return self.desk if alone is None else f"{self.desk}#/tickets/{alone.ticket_id}"
        return self.link if alone is None or alone.task_id is None else f"{self.link}#/tasks/{alone.task_id}"

    def _urgent(self, letter: Letter) -> str:
        return f"[{_WORDS[self.language]['urgent']}] " if letter.urgent else ""

    def _what(self, line: NoticeLine) -> str:
        """What happened; of a newer release, which runs beside this one, by its code."""
        kind = REGISTRY.get(line.type)
        if kind is None:
            return line.type
        clock = next((one for one in ClockKind if one == line.clock_kind), None)
        if clock is None:
            return kind.ZH if self.language == "zh" else kind.EN
        return f"{clock.zh}{kind.ZH}" if self.language == "zh" else f"{clock.en}: {kind.EN.lower()}"

    def _line(self, line: NoticeLine) -> str:
        parts = [spelled_no(line.ticket_no), self._what(line)]
        if line.form is None:
            return " ".join(parts)
        parts += filter(None, (category(line.form), street(line.form)))
        if (due := due_at(line.form, line)) is not None:
            parts.append(f"{_WORDS[self.language]['due']} {from_rfc3339(due).astimezone(self.zone):%m-%d %H:%M}")
        return " ".join(parts)


def latest(lines: Iterable[NoticeLine]) -> list[NoticeLine]:
    """One of each ticket, the newest; the tickets in the order in which they were first told of."""
    newest: dict[str, NoticeLine] = {}
    for line in lines:
        newest[line.ticket_id] = line
    return list(newest.values())


def category(form: Form) -> str | None:
    """The name of the narrowest category that is known."""
    found = form.demand.category
    return found.l4 or found.l3 or found.l2 or found.l1


def street(form: Form) -> str | None:
    """Where it is, no closer than its street."""
    return form.place.street.name or form.place.district.name


def due_at(form: Form, line: NoticeLine) -> str | None:
    """The nearest limit that still runs: of the task that the notice is about, else of the ticket; RFC 3339."""
    running = [one for one in form.handling.clocks if one.met_at is None and one.stopped_at is None and one.due_at]
    own = [one for one in running if one.task_id == line.task_id] if line.task_id is not None else running
    return min((one.due_at for one in own if one.due_at is not None), default=None)
