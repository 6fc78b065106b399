"""Caller numbers as networks really send them."""

from __future__ import annotations

import pytest

from gateway.intake.numbers import caller_user, e164

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("sip:13800138000@10.0.0.1;user=phone", "+8613800138000"),
        ("tel:+86-898-6812-3456", "+8689868123456"),
        ("089868123456", "+8689868123456"),
        ("+447911123456", "+447911123456"),
        ("anonymous", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("1001", None),
        ("", None),
        ("not a number", None),
        ("٣٤", None),
        (None, None),
    ],
)
def test_e164(raw: str | None, number: str | None) -> None:
    assert e164(raw) == number


def test_user_of_a_uri() -> None:
    assert caller_user("sip:alice@example.com") == "alice"
    assert caller_user("12345") == "12345"
