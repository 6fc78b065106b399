"""Nobody's files stand before another's for longer than one turn."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.intake.media import round_robin
from gateway.intake.media.round_robin import RoundRobin
from gateway.ports.conversation_store import WaitingVoice

pytestmark = pytest.mark.unit
PEOPLE = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40)


def heads(queue: list[tuple[int, str]]) -> list[WaitingVoice]:
    """The oldest message of each person, as the store gives them."""
    oldest: dict[str, int] = {}
    for number, person in queue:
        oldest.setdefault(person, number)
    return [WaitingVoice(f"{number:04}", person) for person, number in sorted(oldest.items(), key=lambda one: one[1])]


@given(PEOPLE)
@settings(deadline=None)
def test_who_waits_is_passed_by_each_other_person_at_most_once(senders: list[str]) -> None:
    queue = list(enumerate(senders))
    book, passed = RoundRobin(), {person: [] for person in set(senders)}
    while queue:
        turn = book.begin(heads(queue))
        assert turn is not None
        book.end(turn)
        queue.remove((int(turn.attachment_id), turn.requester_id))
        for person in {person for _, person in queue} - {turn.requester_id}:
            assert turn.requester_id not in passed[person]
            passed[person].append(turn.requester_id)
        passed[turn.requester_id] = []


@given(PEOPLE)
@settings(deadline=None)
def test_a_persons_messages_keep_their_order(senders: list[str]) -> None:
    queue, heard = list(enumerate(senders)), []
    book = RoundRobin()
    while (turn := book.begin(heads(queue))) is not None:
        book.end(turn)
        heard.append((int(turn.attachment_id), turn.requester_id))
        queue.remove(heard[-1])
    for person in set(senders):
        assert [n for n, who in heard if who == person] == [n for n, who in enumerate(senders) if who == person]


def test_a_person_has_one_turn_at_a_time() -> None:
    book = RoundRobin()
    first = book.begin([WaitingVoice("1", "a"), WaitingVoice("3", "b")])
    assert first == WaitingVoice("1", "a")
    assert book.begin([WaitingVoice("2", "a")]) is None
    assert book.begin([WaitingVoice("2", "a"), WaitingVoice("3", "b")]) == WaitingVoice("3", "b")
    book.end(WaitingVoice("1", "a"))
    assert book.begin([WaitingVoice("2", "a")]) == WaitingVoice("2", "a")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_robin, "REMEMBERED", 3)
    book = RoundRobin()
    for person in "abcd":
        one = book.begin([WaitingVoice("1", person)])
        assert one is not None
        book.end(one)
    assert book.begin([WaitingVoice("1", "b"), WaitingVoice("2", "a")]) == WaitingVoice(
        "2", "a"
    )  # a is forgotten, b is not
