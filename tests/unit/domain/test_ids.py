"""Ticket numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ids import parse_serial, parse_ticket_no, spelled_no

pytestmark = pytest.mark.unit
NUMBER = "202611290000322"
WIDE = str.maketrans("0123456789-#", "０１２３４５６７８９－＃")
HYPHENS = ["-", "", " ", " - ", "－", "–", "—", "‐", "−", "\u3000"]


@given(
    serial=st.integers(1, 9_999_999),
    hyphen=st.sampled_from(HYPHENS),
    mark=st.sampled_from(["", "#", "＃", "# ", " ＃　"]),
    wide=st.booleans(),
)
def test_a_number_is_read_however_it_is_written(serial: int, hyphen: str, mark: str, *, wide: bool) -> None:
    number = f"20261129{serial:07d}"
    written = f"{mark}{number[:8]}{hyphen}{number[8:]}"
    assert parse_ticket_no(written.translate(WIDE) if wide else written) == number
    assert parse_serial(written) is None
    assert parse_ticket_no(spelled_no(number)) == number


@given(
    serial=st.integers(1, 9_999_999),
    mark=st.sampled_from(["#", "＃", "# ", "＃　", " #", "#-"]),
    wide=st.booleans(),
)
def test_the_short_number_that_the_desk_prints_names_its_serial(serial: int, mark: str, *, wide: bool) -> None:
    printed = f"{mark}{serial:03d}"
    assert parse_serial(printed.translate(WIDE) if wide else printed) == f"{serial:07d}"
    assert parse_ticket_no(printed) is None


@pytest.mark.parametrize("text", ["", "#", "322", "#32a", "#12345678", "3#22", "##322", "#5号楼", "٣٢٢", "#٣٢٢"])
def test_what_is_no_short_number(text: str) -> None:
    assert parse_serial(text) is None


@pytest.mark.parametrize("text", ["", NUMBER + "1", NUMBER[:-1], NUMBER.replace("2", "a"), f"工单{NUMBER}", "٢" * 15])
def test_what_is_no_number(text: str) -> None:
    assert parse_ticket_no(text) is None
