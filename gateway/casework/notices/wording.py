"""What a letter to a unit says: ticket number, category, street, due time and a link.

Nothing else of a ticket, but what the centre asks a unit with which it confers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from gateway.domain.case.policy import ClockKind
from gateway.domain.events import REGISTRY
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, spelled_no
from gateway.ports.notices import Letter, NoticeLine

Language = Literal["zh", "en"]
MOST_ASKED = 200
"""Characters of a question: with them a letter is no longer than a robot takes."""
_WORDS = {
    "zh": {
        "due": "时限",
        "more": "另有 {n} 件，见链接。",
        "rest": "另有 {n} 件。",
        "no_link": "详情请询 12345 中心。",
        "many": "共 {n} 件：{what}",
        "urgent": "紧急",
        "and": "，",
    },
    "en": {
        "due": "due",
        "more": "{n} more behind the link.",
        "rest": "{n} more.",
        "no_link": "Ask the 12345 centre for more.",
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
        words, tickets, link = _WORDS[self.language], by_ticket(letter.lines), self._link(letter)
        told = [self._line(lines, letter.unit) for lines in tickets[:most_lines]]
        end = link or words["no_link"]
        if len(tickets) == 1:
            return f"{self._urgent(letter)}12345 {told[0]}\n{end}"
        if (more := len(tickets) - most_lines) > 0:
            told.append(words["more" if link else "rest"].format(n=more))
        return "\n".join([self.subject(letter), *told, end])

    def _link(self, letter: Letter) -> str | None:
        """To the one task or ticket that it is about, else to where all of them are; None: the unit has none of them.

        Who is told as the unit above, or is only asked, finds nothing on its page.
        """
        lines = latest(letter.lines)
        alone = lines[0] if len(lines) == 1 else None
        if letter.unit in self.at_desk:
            return self.desk if alone is None else f"{self.desk}#/tickets/{alone.ticket_id}"
        if not any(line.form is None or task_of(line, letter.unit) for line in lines):
            return None
        task_id = task_of(alone, letter.unit) if alone is not None else None
        return self.link if task_id is None else f"{self.link}#/tasks/{task_id}"

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

    def _line(self, lines: Sequence[NoticeLine], unit: str) -> str:
        """Of one ticket: the newest that happened, and everything that was asked."""
        newest = lines[-1]
        times = sum((one.type, one.clock_kind) == (newest.type, newest.clock_kind) for one in lines)
        parts = [spelled_no(newest.ticket_no), self._what(newest) + (f" ×{times}" if times > 1 else "")]
        if newest.form is None:
            return " ".join(parts)
        parts += filter(None, (category(newest.form), street(newest.form)))
        if (due := due_at(newest.form, task_of(newest, unit) or newest.task_id)) is not None:
            parts.append(f"{_WORDS[self.language]['due']} {from_rfc3339(due).astimezone(self.zone):%m-%d %H:%M}")
        return "\n".join([" ".join(parts), *(_shortened(one.asked) for one in lines if one.asked)])


def by_ticket(lines: Iterable[NoticeLine]) -> list[list[NoticeLine]]:
    """Those of each ticket; the tickets in the order in which they were first told of."""
    found: dict[str, list[NoticeLine]] = {}
    for line in lines:
        found.setdefault(line.ticket_id, []).append(line)
    return list(found.values())


def latest(lines: Iterable[NoticeLine]) -> list[NoticeLine]:
    """The newest of each ticket."""
    return [of[-1] for of in by_ticket(lines)]


def task_of(line: NoticeLine, unit: str) -> str | None:
    """The unit's own task: the one that the notice is about, else its last one of the ticket; None: it has none."""
    own = [one.task_id for one in line.form.handling.units if one.unit == unit] if line.form is not None else []
    return line.task_id if line.task_id in own else next(reversed(own), None)


def category(form: Form) -> str | None:
    """The name of the narrowest category that is known."""
    found = form.demand.category
    return found.l4 or found.l3 or found.l2 or found.l1


def street(form: Form) -> str | None:
    """Where it is, no closer than its street."""
    return form.place.street.name or form.place.district.name


def due_at(form: Form, task_id: str | None) -> str | None:
    """The nearest limit that still runs, of this task or (None) of the ticket; RFC 3339."""
    running = [one for one in form.handling.clocks if one.met_at is None and one.stopped_at is None and one.due_at]
    own = [one for one in running if one.task_id == task_id] if task_id is not None else running
    return min((one.due_at for one in own if one.due_at is not None), default=None)


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_ASKED else f"{text[:MOST_ASKED]}…"
