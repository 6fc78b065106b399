"""Record fields of a ticket: what people set, what guesses fill in, and the columns that mirror them."""

from __future__ import annotations

from typing import Any

from gateway.domain.change import Path
from gateway.domain.guess import FILL_AT
from gateway.domain.ids import new_ulid
from gateway.domain.limits import MENTIONS, content_with, said_in
from gateway.domain.masking import searchable
from gateway.domain.veil import is_hidden
from gateway.storage.batch_state import State, TicketState
from gateway.storage.prepare import Guessed, Prepared, Row
from gateway.storage.shape import CODED, HOT, OFFERED, SECTIONS, Tree, code_of, get_in, set_in

_CONTENT: Path = ("demand", "content")
_SECRET: Path = ("requester", "secret")
_ANONYMOUS: Path = ("requester", "anonymous")
_KIND: Path = ("requester", "kind")
_GUESSABLE = frozenset({"requester", "demand", "place"})


def extend(p: Prepared, ticket: TicketState, *, joined: bool) -> int | None:
    """A further message of a conversation: append its content; by how much its guesses' spans move.

    None when the content is a person's wording now and stays as it is: then the spans mean nothing.
    """
    if joined and p.ticket is not None:
        _protect(ticket, p)
        ticket.row["empty"] = ticket.row["empty"] and p.ticket["empty"]
        more = get_in(p.ticket_doc, _CONTENT)
    else:
        more = p.change.content
        ticket.row["empty"] = ticket.row["empty"] and not more
    before = get_in(ticket.doc, _CONTENT)
    if not more:
        return 0
    if (_entry(ticket, "demand.content") or {}).get("confirmed_by") is not None:
        return None
    set_in(ticket.doc, _CONTENT, content_with(before, more))
    return len(before) + 1 if before else 0


def _protect(ticket: TicketState, p: Prepared) -> None:
    """Who asks to stay unknown in a further message does so for the whole ticket."""
    for path in (_SECRET, _ANONYMOUS):
        if get_in(p.ticket_doc, path):
            set_in(ticket.doc, path, True)


def _spoken_kind(p: Prepared, ticket: TicketState, value: Any) -> Any:
    """Choosing the citizens' line does not make a citizen of who said they are a visitor; a person's choice does."""
    entry = _entry(ticket, "requester.kind")
    if entry is None or p.confirmed_by is not None or entry["confirmed_by"] is not None:
        return value
    return value if value != get_in(SECTIONS, _KIND) or entry["confidence"] < FILL_AT else entry["value"]


def alter_ticket(p: Prepared, ticket: TicketState, state: State, *, shift: int | None, joined: bool) -> None:
    """Guesses first, then what was set on purpose, then the columns that mirror the document."""
    if p.guesses:
        shift = None if _reworded(p, ticket) else shift
        entries = ticket.doc.setdefault("prefill", {}).setdefault("fields", {})
        for guess in p.guesses:
            _guess(ticket.doc, entries, guess, _moved(guess.entry, shift, ticket.doc), joined=joined)
    if p.mentions:
        _mention(ticket.doc, p.mentions, shift, more=joined or p.change.content is not None)
    for path, value in p.fields:
        if len(path) == 1 and path[0] in HOT:
            ticket.row[path[0]] = value
            continue
        if path == _SECRET and not value and not p.change.lifts_secrecy and get_in(ticket.doc, path):
            continue  # once asked for, it stays: what says otherwise later may not know of it
        set_in(ticket.doc, path, _spoken_kind(p, ticket, value) if path == _KIND else value)
    if p.confirmed_by is not None:
        _confirm(p, ticket, p.confirmed_by)
    if ticket.new or p.guesses or p.fields or joined:
        _mirror(ticket, state)


def _entry(ticket: TicketState, name: str) -> Row | None:
    found: Row | None = get_in(ticket.doc, ("prefill", "fields", name))
    return found


def _reworded(p: Prepared, ticket: TicketState) -> bool:
    """Whether a person has worded the content that these guesses were read from: then their spans mean nothing."""
    if (_entry(ticket, "demand.content") or {}).get("confirmed_by") is None:
        return False
    return any(guess.path == _CONTENT and guess.value != get_in(ticket.doc, _CONTENT) for guess in p.guesses)


def _moved(entry: Row, shift: int | None, doc: Tree) -> Row:
    """``entry`` with its evidence where it lies in the content; without it when it lies behind the content's end."""
    if entry["span"] is None:
        return entry
    content = get_in(doc, _CONTENT)
    if shift is None or (content and entry["span"][1] + shift > said_in(content)):
        return entry | {"span": None}
    return entry | {"span": [place + shift for place in entry["span"]]} if shift else entry


def _guess(doc: Tree, entries: Tree, guess: Guessed, entry: Row, *, joined: bool) -> None:
    """Keep a guess, and fill it in when it is sure and neither a person nor the requester said otherwise."""
    path = guess.path
    name = ".".join(path)
    earlier = entries.get(name)
    sure = entry["confidence"] >= FILL_AT
    anew = joined and path == _SECRET and not get_in(doc, path)  # lifted once, asked for in another message
    if earlier is not None and not anew:
        if earlier.get("confirmed_by") is not None:
            return
        was_sure = (earlier.get("confidence") or 0) >= FILL_AT
        if (was_sure and not sure) or (joined and entry["confidence"] <= (earlier.get("confidence") or 0)):
            return
    stated = earlier is None and get_in(doc, path) not in (None, get_in(SECTIONS, path))
    entries[name] = entry
    if sure and not stated:
        set_in(doc, path, guess.value)
    if guess.candidates:
        set_in(doc, ("prefill", "candidates", OFFERED[path]), guess.candidates)


def _mention(doc: Tree, mentions: list[Row], shift: int | None, *, more: bool) -> None:
    """Keep what occurs in the content; in a person's wording of it the spans would mean nothing."""
    if shift is None:
        return
    known = get_in(doc, ("prefill", "mentions")) or [] if more else []
    new = [_moved(mention, shift, doc) for mention in mentions[: max(0, MENTIONS - len(known))]]
    set_in(doc, ("prefill", "mentions"), [*known, *new])


def _confirm(p: Prepared, ticket: TicketState, actor: str) -> None:
    """A person set these fields: no guess touches them from now on. What the caller marked itself stays."""
    marked = {path[2] for path, _ in p.fields if path[:2] == ("prefill", "fields") and len(path) > 2}  # noqa: PLR2004 - the third key is the field's path
    for path, value in p.fields:
        field = path[:2] if path[:2] in CODED else path
        name = ".".join(field)
        if (field[0] not in _GUESSABLE and field not in OFFERED) or name in marked:
            continue
        entry = {"value": code_of(field, value), "source": "agent", "span": None, "confidence": 1.0}
        set_in(ticket.doc, ("prefill", "fields", name), entry | {"confirmed_by": actor})


def _mirror(ticket: TicketState, state: State) -> None:
    row, doc = ticket.row, ticket.doc
    requester, demand = doc.get("requester") or {}, doc.get("demand") or {}
    place, prefill = doc.get("place") or {}, doc.get("prefill") or {}
    row["pending"] = bool(prefill.get("pending"))
    row["phone"] = phone = requester.get("phone")
    row["callback_phone"] = requester.get("callback_phone")
    hidden = is_hidden(requester)
    if hidden and not row["hidden"]:
        _part(ticket, state)
    row["hidden"] = hidden
    said = (phone, row["callback_phone"], demand.get("title"), demand.get("content"), place.get("address"))
    row["search"] = " ".join([str(text) for text in said if text]).lower()
    row["search_masked"] = searchable(doc)


def _part(ticket: TicketState, state: State) -> None:
    """The requester wants to stay unknown from now on: nothing leads from this ticket to their other ones, or back."""
    known = ticket.row["requester_id"]
    state.identities = {key: one for key, one in state.identities.items() if one != known}
    ticket.row["requester_id"] = new_ulid()
    set_in(ticket.doc, ("requester", "requester_id"), ticket.row["requester_id"])
    set_in(ticket.doc, ("requester", "returning"), value=False)
