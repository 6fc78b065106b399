"""Who is at the desk, and who is not."""

from __future__ import annotations

import pytest

from gateway.web.auth import OWN_TASKS, ROLE_SCOPES, SCOPES, UNIT, Principal

pytestmark = pytest.mark.unit


def _person(role: str | None, *scopes: str) -> Principal:
    return Principal(actor="x", name="x", scopes=frozenset(scopes), role=role, unit="M02" if role == UNIT else None)


@pytest.mark.parametrize("role", sorted(ROLE_SCOPES))
def test_everybody_who_logs_in_is_at_the_desk_but_the_people_of_units(role: str) -> None:
    person = _person(role, *ROLE_SCOPES[role])
    assert person.at_desk is (role != UNIT)
    assert person.may(OWN_TASKS) is (role in {UNIT, "admin"}), "an admin may everything, but is of no unit"


def test_people_of_a_unit_have_no_scope_but_their_tasks_and_no_token_has_that() -> None:
    assert ROLE_SCOPES[UNIT] == {OWN_TASKS}
    assert OWN_TASKS not in SCOPES
    person = _person(UNIT, *ROLE_SCOPES[UNIT])
    assert not any(person.may(scope) for scope in SCOPES)
    assert not person.sees_all


@pytest.mark.parametrize("scope", SCOPES)
def test_a_program_is_at_the_desk_only_as_admin(scope: str) -> None:
    assert _person(None, scope).at_desk is (scope == "admin")
