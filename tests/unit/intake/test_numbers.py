"""Caller numbers as networks really send them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.numbers import caller_user, e164, to_dial

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
        ("１３８００１３８０００", "+8613800138000"),
        ("12800138000", None),
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


@given(prefix=st.sampled_from(["", "0", "86", "+86", "0086"]), digits=st.from_regex(r"1[0-9]{10}", fullmatch=True))
def test_mobile_numbers_are_judged_as_phonenumbers_judges_them(prefix: str, digits: str) -> None:
    number = phonenumbers.parse(f"+86{digits}")
    assert e164(prefix + digits) == (f"+86{digits}" if phonenumbers.is_valid_number(number) else None)


def test_user_of_a_uri() -> None:
    assert caller_user("sip:alice@example.com") == "alice"
    assert caller_user("12345") == "12345"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("089866668888转12", "+8689866668888;ext=12"),
        ("0898-66668888 分机 801", "+8689866668888;ext=801"),
        ("+8689866668888;ext=12", "+8689866668888;ext=12"),
        ("0898 6666 8888 ext. 3", "+8689866668888;ext=3"),
        ("13800138000", "+8613800138000"),
        ("转12", None),
        ("not a number", None),
    ],
)
def test_an_extension_stays_with_the_number(raw: str, number: str | None) -> None:
    assert to_dial(raw) == number
