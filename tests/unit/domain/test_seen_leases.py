"""Who owns a lease and renews it in time loses it to nobody, whatever happens to the watchers; who does not, does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.seen_leases import SeenLeases

pytestmark = pytest.mark.unit
LEASE_S = 15.0
RENEWALS = st.lists(st.floats(0.1, LEASE_S - 0.1), min_size=1, max_size=20)
LOOKS = st.lists(st.floats(0.01, 40.0), min_size=1, max_size=60)


@given(renewals=RENEWALS, looks=LOOKS, order=st.sampled_from([1, -1]))
def test_what_is_renewed_in_time_never_runs_out(renewals: list[float], looks: list[float], order: int) -> None:
    """What a renewal says does not matter, only that it is something else: its clock may run backwards."""
    written = [(sum(renewals[:n]), order * n) for n in range(len(renewals) + 1)]
    watcher: SeenLeases[str] = SeenLeases()
    at = 0.0
    for pause in looks:
        at += pause
        if at >= written[-1][0] + LEASE_S:
            return  # it was not renewed any more
        lease = next(value for when, value in reversed(written) if when <= at)
        assert watcher.run_out({"call": lease}, at=at, lease_s=LEASE_S) == []


@given(looks=st.lists(st.floats(0.01, 40.0), min_size=2, max_size=30))
def test_what_is_renewed_no_more_runs_out_a_lease_after_it_was_first_seen(looks: list[float]) -> None:
    watcher: SeenLeases[str] = SeenLeases()
    at, first = 0.0, looks[0]
    for pause in looks:
        at += pause
        assert bool(watcher.run_out({"call": "old"}, at=at, lease_s=LEASE_S)) is (at - first >= LEASE_S)


def test_what_was_gone_for_a_while_begins_anew() -> None:
    watcher: SeenLeases[str] = SeenLeases()
    assert watcher.run_out({"a": 1, "b": 1}, at=0, lease_s=15) == []
    assert watcher.run_out({"b": 1}, at=10, lease_s=15) == []
    assert watcher.run_out({"a": 1, "b": 2}, at=15, lease_s=15) == []
    assert watcher.run_out({"a": 1, "b": 2}, at=29, lease_s=15) == []
    assert watcher.run_out({"a": 1, "b": 2}, at=30, lease_s=15) == ["a", "b"]
