"""How guesses become fields: one policy for every way in, and for the desk, which is told it (``POLICY``).

A guess is kept in ``prefill.fields`` with its evidence. From ``FILL_AT`` on it is filled in, unless a person confirmed
the field, the requester stated it otherwise, or a surer guess stands there. A further message of a conversation does
not lessen what an earlier one made sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.domain.form import Candidate, Demand, Filled, Form, Mentioned, Requester
from gateway.domain.form_paths import OFFERED, path_of
from gateway.domain.guess import FILL_AT, SURE, Guess, Mention, Reading
from gateway.domain.journal import Journal
from gateway.domain.limits import MENTIONS, content_with, said_in
from gateway.domain.ticket import LEAD, SECRET, Alteration, Ticket
from gateway.domain.words import RequesterKind, kind_on
from gateway.errors import RejectedInput

if TYPE_CHECKING:
    from gateway.domain.world import NewTicket

POLICY = {"fill_at": FILL_AT, "sure": SURE}
"""What the desk needs to know of it: from where on a guess is filled in, and where nobody need look twice."""
_CONTENT = "demand.content"
_KIND = "requester.kind"
_GUESSABLE = frozenset({"requester", "demand", "place"})
_MEANT = 2


class Filling:
    """What one message, or one more piece of speech, fills of a ticket."""

    __slots__ = ("_more", "_shift", "_ticket", "alteration")

    def __init__(self, ticket: Ticket, *, more: bool = False) -> None:
        """``more``: the guesses are those of a further message, not of everything that was said."""
        self._ticket = ticket
        self.alteration = Alteration(ticket)
        """For the event that tells of it."""
        self._more = more
        self._shift: int | None = 0
        """By how much spans move; None: the content is a person's wording, they mean nothing."""

    def extend(self, content: str | None) -> None:
        """Append a further message to ``demand.content``; spans of guesses count from its beginning."""
        form = self._ticket.form
        if not content:
            return
        if (entry := form.prefill.fields.get(_CONTENT)) is not None and entry.confirmed_by is not None:
            self._shift = None
            return
        before = form.demand.content
        form.demand.content = content_with(before, content)
        self._shift = len(before) + 1 if before else 0

    def set(self, path: str, value: Any) -> None:
        """A field is set on purpose by somebody or something that is not a person at the desk."""
        self.alteration.set(path, self._spoken_kind(value) if path == _KIND else value)

    def choose_line(self, line: str) -> None:
        """They said who they are by the line that they chose."""
        self.set("line", line)
        self.set(_KIND, kind_on(line))

    def join(self, new: NewTicket) -> None:
        """A further message came that would have made a ticket of its own."""
        self.extend(new.form.demand.content)
        self.protect(new.form.requester)
        self.set("empty", self._ticket.empty and new.empty)

    def protect(self, requester: Requester) -> None:
        """Who asks to stay unknown in a further message does so for the whole ticket."""
        if requester.secret:
            self.set(SECRET, value=True)
        if requester.anonymous:
            self.set("requester.anonymous", value=True)

    def guess(self, guesses: Sequence[Guess]) -> None:
        """Keep ``guesses``, and fill in those that are sure enough."""
        if not guesses:
            return
        if self._reworded(guesses):
            self._shift = None
        form = self._ticket.form
        for guess in guesses:
            self._guess(form, guess)

    def mention(self, mentions: Sequence[Mention]) -> None:
        """Keep what occurs in the content; in a person's wording of it the spans would mean nothing."""
        if not mentions or self._shift is None:
            return
        prefill = self._ticket.form.prefill
        known = prefill.mentions if self._more else []
        room = max(0, MENTIONS - len(known))
        new = [Mentioned(m.kind, m.value, self._moved(m.span), m.confidence) for m in mentions[:room]]
        prefill.mentions = [*known, *new]

    def _guess(self, form: Form, guess: Guess) -> None:
        field, name = path_of(guess.path), guess.path
        if name == LEAD and form.handling.units:  # who acts is decided
            return
        try:
            value = field.shaped(guess.value)
        except RejectedInput:  # a city's model has words of its own; no contact is refused for them
            return
        entries = form.prefill.fields
        earlier = entries.get(name)
        sure = guess.confidence >= FILL_AT
        # Two places are named and neither is meant.
        opened = not sure and field.room == "place" and len(guess.candidates) >= _MEANT
        anew = self._more and name == SECRET and not self.alteration.value(name)  # lifted, and asked for once more
        if earlier is not None and not anew:
            if earlier.confirmed_by is not None:
                return
            if earlier.sureness >= FILL_AT and not sure and not opened:
                return
            if self._more and guess.confidence <= earlier.sureness:
                return
        stated = earlier is None and not field.is_default(form)
        entries[name] = Filled(field.code_of(value), guess.source, self._moved(guess.span), guess.confidence)
        if sure and not stated:
            self.alteration.put(field, value)
        elif opened and earlier is not None:
            self.alteration.set(name, None)
        if field.offered is not None and (guess.candidates or getattr(form.prefill.candidates, field.offered)):
            offered = [Candidate(code, sureness) for code, sureness in guess.candidates]
            setattr(form.prefill.candidates, field.offered, offered)

    def _moved(self, span: Sequence[int] | None) -> list[int] | None:
        """Where the evidence lies in the content; None when it lies behind the content's end."""
        if span is None or self._shift is None:
            return None
        begin, end = span[0] + self._shift, span[1] + self._shift
        content = self.alteration.value(_CONTENT)
        return None if content and end > said_in(content) else [begin, end]

    def _reworded(self, guesses: Sequence[Guess]) -> bool:
        """Whether a person has worded the content that these guesses were read from: then their spans mean nothing."""
        form = self._ticket.form
        entry = form.prefill.fields.get(_CONTENT)
        if entry is None or entry.confirmed_by is None:
            return False
        return any(guess.path == _CONTENT and guess.value != form.demand.content for guess in guesses)

    def _spoken_kind(self, value: Any) -> Any:
        """Choosing the citizens' line does not make a citizen of who said they are a visitor."""
        entry = self._ticket.form.prefill.fields.get(_KIND)
        if entry is None or entry.confirmed_by is not None or value != RequesterKind.CITIZEN:
            return value
        return value if entry.sureness < FILL_AT else entry.value


def filled_form(content: str, reading: Reading) -> Form:
    """The form of a ticket that says ``content`` and nothing else, as ``reading`` fills it."""
    ticket = Ticket(
        journal=Journal(0),
        ticket_id="",
        channel="",
        channel_id="",
        created_at=datetime.fromtimestamp(0, UTC),
        form=Form(demand=Demand(content=content)),
    )
    filling = Filling(ticket)
    filling.guess(reading.guesses)
    filling.mention(reading.mentions)
    filling.alteration.finish()
    return ticket.form


def said_by(actor: str, path: str, value: Any) -> Filled | None:
    """The entry of a field that a person set; None for one that is never guessed."""
    if path.partition(".")[0] not in _GUESSABLE and path not in OFFERED:
        return None
    field = path_of(path)
    return Filled(field.code_of(field.shaped(value)), "agent", None, 1.0, actor)
