"""A ticket alters by events alone, and refuses what may not be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.events import TicketCorrected, TicketRated, TicketWithdrawn
from gateway.domain.form import Evaluation, Form
from gateway.domain.journal import Journal
from gateway.domain.status import CLOSED, Status, may_follow
from gateway.domain.ticket import Alteration, Ticket
from gateway.errors import Conflict, RejectedInput

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)


def ticket(status: Status = Status.REGISTERED) -> Ticket:
    return Ticket(
        journal=Journal(0),
        ticket_id="01M8MF0000000000000000000A",
        channel="sip",
        channel_id="hotline",
        created_at=NOW,
        form=Form(),
        status=status,
        requester_id="01M8MF0000000000000000000B",
    )


@pytest.mark.parametrize("status", Status)
def test_it_is_taken_back_until_it_is_answered_or_closed(status: Status) -> None:
    one = ticket(status)
    if may_follow(status, Status.WITHDRAWN) and status is not Status.WITHDRAWN:
        event = TicketWithdrawn(at=NOW)
        one.withdraw(event)
        assert one.status is Status.WITHDRAWN
        assert event.changed == {"status": [status, "withdrawn"]}
        assert [entry.event for entry in one.journal.entries] == [event]
    elif status is not Status.WITHDRAWN:
        with pytest.raises(Conflict, match="cannot become"):
            one.withdraw(TicketWithdrawn(at=NOW))
        assert (one.status, one.journal.entries, one.dirty) == (status, [], False)
    assert Status.WITHDRAWN in CLOSED


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "nonsense"),
        ("line", "party"),
        ("demand.type", "joke"),
        ("demand.sub", 1),
        ("place.lat", float("nan")),
        ("place.lat", 91),
        ("outcome.evaluation.satisfied", 0),
        ("outcome.evaluation.satisfied", 6),
    ],
)
def test_nonsense_is_refused_before_anything_alters(path: str, value: object) -> None:
    one = ticket()
    with pytest.raises(RejectedInput):
        Alteration(one).set(path, value)
    assert not one.journal.entries


def test_texts_are_set_and_stand_in_no_event() -> None:
    one, alteration = ticket(), None
    alteration = Alteration(one)
    alteration.set("requester.name", "张三")
    alteration.set("demand.category", {"code": "A01", "l1": "城管"})
    event = TicketCorrected(at=NOW, fields=["requester.name", "demand.category"])
    one.record(event, alteration)
    assert event.changed == {"demand.category": [None, "A01"]}
    assert (one.form.requester.name, one.form.demand.category.l1) == ("张三", "城管")


def test_who_hides_from_now_on_is_of_this_ticket_alone() -> None:
    one = ticket()
    alteration = Alteration(one)
    alteration.set("requester.secret", value=True)
    event = TicketCorrected(at=NOW, fields=["requester.secret"])
    one.record(event, alteration)
    assert (one.hidden, one.requester_id, one.parted_from) == (True, one.ticket_id, "01M8MF0000000000000000000B")


def test_who_asked_to_be_kept_secret_stays_so_unless_it_is_lifted() -> None:
    one = ticket()
    for lifts, value, after in ((False, True, True), (False, False, True), (False, None, True), (True, False, False)):
        alteration = Alteration(one)
        alteration.set("requester.secret", value, lifts_secrecy=lifts)
        one.record(TicketCorrected(at=NOW, fields=["requester.secret"]), alteration)
        assert (one.form.requester.secret, one.hidden) == (after, after)


def test_a_rating_is_kept_in_the_ticket_and_not_in_the_form_that_it_was_registered_with() -> None:
    given, one = Form(), ticket()
    one._form = given.copied()
    one.rate(TicketRated(at=NOW, satisfied=4), "wechat", "好")
    assert [each.comment for each in one.form.outcome.evaluations] == ["好"]
    assert given == Form()


def test_a_rating_that_cannot_be_leaves_the_ratings_as_they_were() -> None:
    one = ticket()
    one.form.outcome.evaluation = Evaluation("wechat", 2, "慢")  # from before each was kept
    with pytest.raises(RejectedInput):
        one.rate(TicketRated(at=NOW, satisfied=6), "wechat", None)
    assert one.form.outcome.evaluations == []
    one.rate(TicketRated(at=NOW, satisfied=5), "wechat", "快")
    assert [(each.at is None, each.satisfied) for each in one.form.outcome.evaluations] == [(True, 2), (False, 5)]
