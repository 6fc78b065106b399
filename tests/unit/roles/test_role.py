"""What ``--role`` may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConfigError
from gateway.roles.role import ALL, ASR, PARTS, parts_of, process_name, read_role

pytestmark = pytest.mark.unit
SOME = st.lists(st.sampled_from(PARTS), unique=True, min_size=1)


@given(SOME, st.integers(0, 9))
def test_parts_in_any_order_are_one_role_with_one_name(parts: list[str], index: int) -> None:
    role = read_role("+".join(parts))
    assert role == read_role("+".join(reversed(parts)))
    assert set(parts_of(process_name(role, index))) == set(parts)


@pytest.mark.parametrize(("role", "index", "name"), [("voice", 0, "voice"), ("voice", 1, "voice-1"), (ASR, 0, "asr-0")])
def test_names_tell_processes_of_a_role_apart(role: str, index: int, name: str) -> None:
    assert process_name(role, index) == name


def test_a_recogniser_has_none_of_the_parts() -> None:
    assert (list(parts_of("asr-0")), read_role(ASR), read_role(ALL)) == ([], ASR, ALL)


@pytest.mark.parametrize("role", ["core", "", "voice+", "voice+voice", "voice+asr", "all+web", "Voice", "web,worker"])
def test_anything_else_is_refused_and_told(role: str) -> None:
    with pytest.raises(ConfigError, match="web\\+worker"):
        read_role(role)
