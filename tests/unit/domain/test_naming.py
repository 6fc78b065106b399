"""Finding a person by their number, however it is written, and by their account."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.naming import naming

pytestmark = pytest.mark.unit
FOUND = naming(numbers=["+8613800138000"], names=["oPenId_1"])


@pytest.mark.parametrize(
    "text",
    [
        "sip:13800138000@10.0.0.1",
        "<sip:+8613800138000@x>",
        "tel:+86-138-0013-8000",
        "%2B8613800138000",
        "008613800138000",
        "From: 013800138000",
        "openid=oPenId_1;",
    ],
)
def test_a_number_is_found_as_networks_write_it(text: str) -> None:
    assert FOUND.search(text)


@pytest.mark.parametrize("text", ["113800138000", "138001380001", "13800138001", "openid=oPenId_", ""])
def test_another_number_is_not_theirs(text: str) -> None:
    assert not FOUND.search(text)


@given(st.text(max_size=200))
def test_nobody_is_found_nowhere(text: str) -> None:
    assert not naming().search(text)
    assert not naming(numbers=["110"], names=["", "ab"]).search(text)
