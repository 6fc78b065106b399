"""One prepared Change on a batch's state: what it refuses, it refuses before it alters anything."""

from __future__ import annotations

from gateway.domain.change import Applied, ExternalKey
from gateway.domain.erasing import brings_anything
from gateway.domain.ids import new_ulid, ticket_no
from gateway.domain.veil import is_hidden
from gateway.errors import Conflict, NotFound, StaleVersion, TicketErased
from gateway.storage.apply_callbacks import Calls, check_work
from gateway.storage.apply_conversation import advances, check_dialogue, converse
from gateway.storage.apply_fields import alter_ticket, extend
from gateway.storage.apply_merge import check_merge, is_merged, merge_tickets
from gateway.storage.apply_recovered import is_taken_back, take_back
from gateway.storage.apply_words import add_words
from gateway.storage.batch_state import InteractionState, State, TicketState
from gateway.storage.prepare import Prepared, Row
from gateway.storage.shape import Tree

_NOT_WHEN_JOINED = frozenset({"ticket.registered", "interaction.started"})


def apply_change(p: Prepared, day: str | None, state: State) -> Applied:
    """Alter ``state`` as ``p`` says. Raises ``Conflict``, ``StaleVersion`` or ``NotFound`` with ``state`` untouched."""
    change = p.change
    if p.dedupe:
        seen = state.seen.get((p.dedupe.channel_id, p.dedupe.external_id))
        if seen is not None:
            return _replayed(p, seen)
    joined = state.open.get((change.join.channel_id, change.join.external_id)) if change.join else None
    check_dialogue(p, joined, state)
    interaction = _interaction_of(p, joined, state)
    ticket = _ticket_of(p, interaction, state, joined=joined is not None)
    if ticket and _is_done(p, ticket, interaction, state):
        return _applied(ticket, interaction, skipped=True)
    _check_corrections(p, state)
    shift: int | None = 0
    if ticket is None:
        ticket = _register(p, day or "", state)
    elif joined is not None or change.content is not None:
        shift = extend(p, ticket, joined=joined is not None)
    if interaction is None and p.interaction is not None:
        interaction = _begin(p.interaction, ticket, state)
    seqs: tuple[int, ...] = ()
    calls = Calls(p, ticket, state)
    false = take_back(p, interaction, state)
    if interaction is not None:
        _alter_interaction(p, interaction, state)
        seqs = converse(p, ticket, interaction, state)
    alter_ticket(p, ticket, state, shift=shift, joined=joined is not None or change.content is not None)
    calls.settle(interaction, false)
    _append_events(p, ticket, interaction, state, joined=joined is not None)
    calls.tell_others()
    if change.merge:
        merge_tickets(change.merge, ticket, state, p.events[-1])
    for key in (*((p.dedupe,) if p.dedupe else ()), *change.also):
        if (key.channel_id, key.external_id) not in state.seen:
            _see(key, ticket, interaction, state)
    return _applied(ticket, interaction, seqs=seqs)


def _is_done(p: Prepared, ticket: TicketState, interaction: InteractionState | None, state: State) -> bool:
    """Whether the record is as ``p`` wants it already; raises when ``p`` may not alter it."""
    change = p.change
    if change.merge and is_merged(change.merge, ticket):
        return True
    if change.expected_version is not None and ticket.row["version"] != change.expected_version:
        raise StaleVersion(f"the ticket is at version {ticket.row['version']}; read it again and repeat your change")
    if ticket.row["erased_at"] is not None and brings_anything(change):
        raise TicketErased("this ticket has been erased and takes in nothing more of its person; register a new one")
    if change.close_unless_closed and interaction and interaction.row["disposition"] is not None:
        return not is_taken_back(p, interaction)
    if not advances(p, state) or check_work(p, state):
        return True
    if change.merge:
        check_merge(change.merge, ticket, state)
    return False


def _check_corrections(p: Prepared, state: State) -> None:
    own = {s["seq"] for s in p.segments}
    for seq in p.change.corrected_segments:
        if seq not in own and (p.change.interaction_id, seq) not in state.segments:
            raise NotFound(f"the transcript has no segment {seq}")


def _see(key: ExternalKey, ticket: TicketState, interaction: InteractionState | None, state: State) -> None:
    """Know the delivery again, with what it came to."""
    row = {
        "external_id": key.external_id,
        "channel_id": key.channel_id,
        "body_sha256": key.body_sha256,
        "ticket_id": ticket.row["ticket_id"],
        "ticket_no": ticket.row["ticket_no"],
        "interaction_id": interaction.row["interaction_id"] if interaction else None,
        "version": ticket.row["version"],
        "event_seq": ticket.row["event_seq"],
    }
    state.seen[key.channel_id, key.external_id] = row
    state.add("seen_keys", row)


def _replayed(p: Prepared, seen: Row) -> Applied:
    body = p.dedupe.body_sha256 if p.dedupe else None
    if body is not None and seen["body_sha256"] is not None and body != seen["body_sha256"]:
        raise Conflict("the same key came before with another body; use a new key for a new message")
    return Applied(
        ticket_id=seen["ticket_id"],
        ticket_no=seen["ticket_no"],
        interaction_id=seen["interaction_id"],
        version=seen["version"],
        event_seq=seen["event_seq"],
        replayed=True,
    )


def _applied(
    ticket: TicketState, interaction: InteractionState | None, *, skipped: bool = False, seqs: tuple[int, ...] = ()
) -> Applied:
    return Applied(
        ticket_id=ticket.row["ticket_id"],
        ticket_no=ticket.row["ticket_no"],
        interaction_id=interaction.row["interaction_id"] if interaction else None,
        version=ticket.row["version"],
        event_seq=ticket.row["event_seq"],
        skipped=skipped,
        seqs=seqs,
        dialogue_no=(interaction.row["dialogue_no"] or 0) if interaction else 0,
    )


def _interaction_of(p: Prepared, joined: str | None, state: State) -> InteractionState | None:
    wanted = joined or p.change.interaction_id
    if wanted is None or (p.interaction is not None and joined is None):
        return None
    found = state.interactions.get(wanted)
    if found is None or (p.change.ticket_id is not None and found.row["ticket_id"] != p.change.ticket_id):
        raise NotFound(f"the ticket has no interaction {wanted}")
    return found


def _ticket_of(p: Prepared, interaction: InteractionState | None, state: State, *, joined: bool) -> TicketState | None:
    if p.change.new_ticket is not None and not joined:
        return None
    wanted = interaction.row["ticket_id"] if joined and interaction else p.change.ticket_id
    found = state.tickets.get(wanted or "")
    if found is None:
        raise NotFound(f"there is no ticket {wanted}")
    return found


def _register(p: Prepared, day: str, state: State) -> TicketState:
    """A new ticket with the next number of its day, and its requester."""
    assert p.ticket is not None
    serial = state.serials.get(day, 0) + 1
    state.serials[day] = serial
    state.drawn.add(day)
    doc = p.ticket_doc
    requester_id = _requester(p, doc, state)
    row = {
        **p.ticket,
        "ticket_no": ticket_no(day, serial),
        "version": 0,
        "event_seq": 0,
        "requester_id": requester_id,
        "pending": False,
        "phone": None,
        "callback_phone": None,
        "hidden": is_hidden(doc["requester"]),
        "search": "",
        "search_masked": "",
        "erased_at": None,
    }
    ticket = TicketState(row, doc, new=True)
    state.tickets[row["ticket_id"]] = ticket
    return ticket


def _requester(p: Prepared, doc: Tree, state: State) -> str:
    """Whose ticket it is: of a requester known again, or of a new one. Nothing of their earlier tickets comes along.

    A number is no person: what earlier tickets say is offered to the desk, never asserted. Who hides is nobody known.
    """
    assert p.change.new_ticket is not None
    given: Tree = doc["requester"]
    keys = [(identity.kind, identity.value) for identity in p.change.new_ticket.requester.identities]
    if is_hidden(given):
        keys = []
    found = next((state.identities[key] for key in keys if key in state.identities), None)
    requester_id = found or new_ulid()
    for key in keys:
        if key not in state.identities:
            state.identities[key] = requester_id
            state.add("identities", {"kind": key[0], "value": key[1], "requester_id": requester_id})
    given["requester_id"] = requester_id
    given["returning"] = found is not None
    return requester_id


def _begin(row: Row, ticket: TicketState, state: State) -> InteractionState:
    row["ticket_id"] = ticket.row["ticket_id"]
    interaction = InteractionState(row, new=True)
    state.interactions[row["interaction_id"]] = interaction
    return interaction


def _alter_interaction(p: Prepared, interaction: InteractionState, state: State) -> None:
    """Its fields, transcript, corrections and messages."""
    row = interaction.row
    if p.interaction_fields or p.interaction_doc or p.lease_until:
        row.update(p.interaction_fields)
        row["doc"] = row["doc"] | p.interaction_doc
        row["lease_until"] = p.lease_until or row["lease_until"]
        interaction.dirty = True
    interaction_id = row["interaction_id"]
    if row["external_id"] is not None:
        key = (row["channel_id"], row["external_id"])
        if row["disposition"] is None:
            state.open.setdefault(key, interaction_id)
        elif state.open.get(key) == interaction_id:
            del state.open[key]
    add_words(interaction_id, p.segments, state)
    for seq, text in p.change.corrected_segments.items():
        state.add("corrections", {"of_interaction": interaction_id, "of_seq": seq, "corrected_text": text})
    for message in p.messages:
        interaction.messages += 1
        message["interaction_id"] = interaction_id
        message["seq"] = interaction.messages
        state.add("messages", message)


def _append_events(
    p: Prepared,
    ticket: TicketState,
    interaction: InteractionState | None,
    state: State,
    *,
    joined: bool,
) -> None:
    """Number the events and make them the ticket's newest; those that did not happen after all are left out."""
    row = ticket.row
    for event in p.events:
        if joined and event["type"] in _NOT_WHEN_JOINED:
            continue
        state.event_seq += 1
        event["event_seq"] = state.event_seq
        event["ticket_id"] = row["ticket_id"]
        event["ticket_no"] = row["ticket_no"]
        event["interaction_id"] = interaction.row["interaction_id"] if interaction else None
        state.add("events", event)
        row["event_seq"] = state.event_seq
    row["updated_at"] = p.events[-1]["at"]
    row["version"] += 1
    ticket.dirty = True
