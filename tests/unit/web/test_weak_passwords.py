"""Which new passwords are refused."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.passwords import one_time_password
from gateway.web.weak_passwords import _ROWS, _STEMS, MIN_LENGTH, weakness

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "password_too_short"),
        ("x" * 201, "password_too_long"),
        ("aaaaaaaaaaaa", "password_too_simple"),
        ("abcabcabcabc", "password_too_simple"),
        ("my name is Zhangsan", "password_too_simple"),
        ("password12345!", "password_too_common"),
        ("P@ssw0rd2026!", "password_too_common"),
        ("qwertyuiop12", "password_too_common"),
        ("1qaz2wsx3edc", "password_too_common"),
        ("admin@123456", "password_too_common"),
        ("12345gateway", "password_too_common"),
        ("Haikou12345!!", "password_too_common"),
        ("woaini5201314", "password_too_common"),
        ("13145201314520abcd", "password_too_common"),
        ("5201314abcd00", "password_too_common"),
        ("hainan19900101", "password_too_common"),
        ("wang13800138000", "password_too_common"),
        ("correct horse 47", None),
        ("这个城市的热线很好听真的", None),
        ("7hk2m-9xq4p-zt", None),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, why: str | None) -> None:
    assert weakness(password, "zhangsan", "张 三") == why


def test_a_persons_own_name_is_no_password() -> None:
    assert weakness("欧阳娜娜 is my name", "ny", "欧阳娜娜") == "password_too_simple"
    assert weakness("a fine long one", "fi", "F") is None, "two letters are in many words"


@given(
    st.lists(st.sampled_from(_STEMS), min_size=1, max_size=4),
    st.text(string.digits + string.punctuation, max_size=4),
    st.sampled_from(_ROWS),
    st.integers(4, 10),
)
def test_guessed_words_in_any_number_with_a_run_of_keys_are_refused(
    words: list[str], tail: str, row: str, length: int
) -> None:
    password = "".join(words).title() + row[:length] + tail
    if len(password) >= MIN_LENGTH:
        assert weakness(password, "zhangsan") is not None


@given(st.text(max_size=220), st.text(max_size=20), st.text(max_size=20))
def test_every_text_gets_an_answer(password: str, username: str, name: str) -> None:
    assert weakness(password, username, name) in {
        None,
        "password_too_short",
        "password_too_long",
        "password_too_simple",
        "password_too_common",
    }


def test_the_passwords_that_we_make_up_are_never_refused() -> None:
    assert all(weakness(one_time_password(), "li", "李") is None for _ in range(500))
