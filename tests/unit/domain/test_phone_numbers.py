"""Telephone numbers as networks and people really write them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.phone_numbers import CITY, NATIONAL, DialPlan, e164, is_country, to_dial

pytestmark = pytest.mark.unit

LANDLINE = "+8689866534321"
MOBILE = "+8613800138000"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13800138000", MOBILE),
        ("+8613800138000", MOBILE),
        ("8613800138000", MOBILE),
        ("008613800138000", MOBILE),
        ("08613800138000", MOBILE),
        ("013800138000", MOBILE),
        ("+008613800138000", MOBILE),
        ("%2B8613800138000", MOBILE),
        ("sip:13800138000@10.0.0.1;user=phone", MOBILE),
        ("sip:%2B8613800138000@10.0.0.1", MOBILE),
        ("SIPS:+8613800138000:password@10.0.0.1", MOBILE),
        ("sip:+8613800138000;npdi;rn=+8613900000000@10.0.0.1;user=phone", MOBILE),
        ("tel:+86-138-0013-8000;npdi", MOBILE),
        ("tel:13800138000;phone-context=+86898", MOBILE),
        ("tel:13800138000;phone-context=sbc.example.com", MOBILE),
        ("１３８００１３８０００", MOBILE),
        ("＋86 138 0013 8000", MOBILE),
        ("089866534321", LANDLINE),
        ("89866534321", LANDLINE),
        ("(0898) 6653–4321", LANDLINE),
        ("+86 0898 66534321", LANDLINE),
        ("0086 0898 66534321", LANDLINE),
        ("086089866534321", LANDLINE),
        ("+089866534321", LANDLINE),
        ("tel:6653-4321;phone-context=+86898", LANDLINE),
        ("tel:6653-4321;phone-context=%2B86-898", LANDLINE),
        ("tel:089866534321;phone-context=+86", LANDLINE),
        ("sip:66534321;phone-context=+86898@10.0.0.1;user=phone", LANDLINE),
        ("tel:+86-898-6653-4321;ext=12", LANDLINE),
        ("0898-66534321 ext. 12", LANDLINE),
        ("089866534321转12", LANDLINE),
        ("+447911123456", "+447911123456"),
        ("4008001234", "+864008001234"),
        ("66534321", None),
        ("83195036", None),
        ("tel:66534321;phone-context=sbc.example.com", None),
        ("12800138000", None),
        ("anonymous", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("sip:10.0.0.1", None),
        ("desk13800138000", None),
        ("1001", None),
        ("10086", None),
        ("", None),
        ("%", None),
        ("not a number", None),
        ("٣٤", None),
        ("1" * 5000, None),
        (None, None),
    ],
)
def test_e164(raw: str | None, number: str | None) -> None:
    assert e164(raw) == number


@pytest.mark.parametrize("raw", ["66534321", "6653-4321", "sip:66534321@10.0.0.1", "tel:66534321;phone-context=sbc"])
def test_a_local_number_takes_the_plan_s_area_code(raw: str) -> None:
    assert e164(raw, CITY) == e164(raw, DialPlan(area_code="898")) == LANDLINE
    assert e164(raw, DialPlan(area_code="010")) == "+861066534321"
    assert e164(raw, NATIONAL) is None


def test_its_own_area_code_comes_before_the_plan_s() -> None:
    assert e164("tel:66534321;phone-context=+8610", CITY) == "+861066534321"
    assert e164("010-66534321", CITY) == "+861066534321"


@pytest.mark.parametrize("raw", ["12345", "10086", "95588", "1001"])
def test_a_short_code_is_nobody_s_number(raw: str) -> None:
    assert e164(raw, CITY) is None


def test_another_country() -> None:
    assert e164("23456789", DialPlan(country="HK")) == "+85223456789"
    assert e164("13800138000", DialPlan(country="HK")) is None
    assert is_country("CN")
    assert not is_country("cn")
    assert not is_country("China")


@given(prefix=st.sampled_from(["", "0", "86", "+86", "0086"]), digits=st.from_regex(r"1[0-9]{10}", fullmatch=True))
def test_mobile_numbers_are_judged_as_phonenumbers_judges_them(prefix: str, digits: str) -> None:
    number = phonenumbers.parse(f"+86{digits}")
    assert e164(prefix + digits) == (f"+86{digits}" if phonenumbers.is_valid_number(number) else None)


AREA = st.sampled_from(["10", "20", "21", "755", "871", "898"])
LOCAL = st.from_regex(r"[6-8][0-9]{7}", fullmatch=True)
SEPARATOR = st.sampled_from(["", "-", " ", ".", "–", "\N{NO-BREAK SPACE}"])


def _separated(digits: str, separator: str) -> str:
    return separator.join((digits[:-8], digits[-8:-4], digits[-4:])).removeprefix(separator)


@given(
    area=AREA,
    local=LOCAL,
    separator=SEPARATOR,
    start=st.sampled_from(["+86{}", "0086{}", "86{}", "086{}", "0{}", "+860{}", "00860{}", "{}"]),
    around=st.sampled_from(["{}", "tel:{}", "sip:{}@[::1]", "sip:{}@192.0.2.1;user=phone", "sip:{};npdi@192.0.2.1"]),
    write=st.sampled_from([str, lambda text: quote(text, safe="")]),
)
def test_every_way_of_writing_a_number_is_that_number(
    area: str, local: str, separator: str, start: str, around: str, write: Callable[[str], str]
) -> None:
    written = _separated(start.format(f"{area}{local}"), separator)
    whole = f"+86{area}{local}"
    valid = phonenumbers.is_valid_number(phonenumbers.parse(whole))
    assert e164(around.format(write(written))) == (whole if valid else None)


@given(area=AREA, local=LOCAL)
@example(area="20", local="83195036")
def test_a_local_number_is_completed_by_its_context_or_by_the_plan(area: str, local: str) -> None:
    whole = f"+86{area}{local}"
    number = whole if phonenumbers.is_valid_number(phonenumbers.parse(whole)) else None
    assert e164(f"tel:{local};phone-context=+86{area}") == number
    assert e164(f"sip:{local}@192.0.2.1", DialPlan(area_code=area)) == number


@given(st.text(max_size=300))
def test_whatever_comes_is_a_number_or_none(raw: str) -> None:
    number = e164(raw, CITY)
    assert number is None or phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert number is None or e164(number) == number


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("089866668888转12", "+8689866668888;ext=12"),
        ("0898-66668888 分机 801", "+8689866668888;ext=801"),
        ("+8689866668888;ext=12", "+8689866668888;ext=12"),
        ("0898 6666 8888 ext. 3", "+8689866668888;ext=3"),
        ("13800138000", "+8613800138000"),
        ("13800138000转分机12", "+8613800138000;ext=12"),
        ("13800138000转接分机号：12", "+8613800138000;ext=12"),
        ("13800138000 转 12", "+8613800138000;ext=12"),
        ("0898-66668888-801", "+8689866668888;ext=801"),
        ("138-0013-8000", "+8613800138000"),
        ("13800138000-1234", "+8613800138000;ext=1234"),
        ("1380013-80001", None),
        ("4008123123转2", "+864008123123;ext=2"),
        ("０８９８６６６６８８８８转１２", "+8689866668888;ext=12"),
        ("tel:+86-898-6666-8888;ext=12", "+8689866668888;ext=12"),
        ("tel:6666-8888;ext=12;phone-context=+86898", "+8689866668888;ext=12"),
        ("sip:089866668888;ext=12@10.0.0.1;user=phone", "+8689866668888;ext=12"),
        ("转12", None),
        ("not a number", None),
    ],
)
def test_an_extension_stays_with_the_number(raw: str, number: str | None) -> None:
    assert to_dial(raw) == number
