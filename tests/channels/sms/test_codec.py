from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sms.codec import alphabet, gsm7, udh
from channels.sms.codec.split import split
from channels.sms.numbers import person
from gateway.domain.phone_numbers import e164

pytestmark = pytest.mark.unit

GSM_TEXT = st.text(alphabet=sorted(set(gsm7._SEPTETS)))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff\ufffe"))


def joined(text: str, **options: object) -> tuple[str, list[bytes], int]:
    segments = split(text, ref=7, **options)
    parts = [udh.parse(segment.data) if segment.total > 1 else udh.UserData(segment.data) for segment in segments]
    if len(segments) > 1:
        assert [part.concat for part in parts] == [
            udh.Concat("u8:7", len(segments), number) for number in range(1, len(segments) + 1)
        ]
    bodies = [part.body for part in parts]
    (kind,) = {segment.alphabet for segment in segments}
    whole = b"".join(bodies)
    text = whole.decode("utf-16-be") if kind == "ucs2" else gsm7.decode(whole) if kind == "gsm7" else whole.decode()
    return text, bodies, len(segments)


@given(GSM_TEXT)
def test_the_gsm_alphabet_comes_back(text: str) -> None:
    assert gsm7.decode(gsm7.encode(text)) == text


@given(st.binary())
def test_any_octets_decode_to_something_storable(data: bytes) -> None:
    for name in ("gsm7", "ascii", "latin1", "gbk", "ucs2", "utf8", "binary", "shift_jis", "euc_kr", "iso2022_jp"):
        text = alphabet.decode(data, name) or ""
        assert "\0" not in text
        text.encode()  # no lone surrogate


@given(st.binary(max_size=160))
def test_any_header_parses_and_loses_nothing_behind_it(data: bytes) -> None:
    parsed = udh.parse(data)
    assert data.endswith(parsed.body)


@settings(max_examples=50)
@given(ANY_TEXT.map(lambda text: text * 5))
def test_split_texts_come_back_and_are_never_cut_in_a_character(text: str) -> None:
    back, bodies, total = joined(text)
    assert back == text
    assert all(len(body) <= (160 if total == 1 else 153) for body in bodies)
    if gsm7.septets(text) is None:
        for body in bodies:
            body.decode("utf-16-be")  # every part stands alone: no surrogate pair is cut
            assert len(body) <= (140 if total == 1 else 134)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("{" * 80, 1),
        ("{" * 81, 2),
        ("路" * 70, 1),
        ("路" * 71, 2),
        ("路" * 134, 2),
        ("路" * 135, 3),
        ("路" * 66 + "😀" + "灯" * 5, 2),
    ],
)
def test_how_many_parts(text: str, parts: int) -> None:
    assert len(split(text, ref=1)) == parts


def test_more_than_255_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 255"):
        split("路" * (255 * 67 + 1), ref=1)


def test_plain_text_of_cmpp_is_ascii_and_the_rest_is_ucs2() -> None:
    assert [segment.alphabet for segment in split("hello", ref=1, plain="ascii")] == ["ascii"]
    assert [segment.alphabet for segment in split("£", ref=1, plain="ascii")] == ["ucs2"]
    assert joined("x" * 300, plain="ascii")[0] == "x" * 300


@pytest.mark.parametrize(
    ("coding", "name"),
    [
        (0, "gsm7"),
        (1, "ascii"),
        (3, "latin1"),
        (4, "binary"),
        (8, "ucs2"),
        (15, "gbk"),
        (24, "ucs2"),
        (16, "gsm7"),
        (240, "gsm7"),
        (245, "binary"),
        (224, "ucs2"),
        (200, "gsm7"),
        (9, "binary"),
        (133, "binary"),
    ],
)
def test_data_codings(coding: int, name: str) -> None:
    assert alphabet.of_smpp(coding) == name
    assert alphabet.of_smpp(0, "gbk") == "gbk"


@pytest.mark.parametrize(
    ("fmt", "name"),
    [(0, "ascii"), (3, "binary"), (4, "binary"), (8, "ucs2"), (15, "gbk"), (0xF5, "binary"), (9, "binary")],
)
def test_formats_of_cmpp(fmt: int, name: str) -> None:
    assert alphabet.of_cmpp(fmt) == name


def test_bytes_that_are_not_what_their_coding_says() -> None:
    assert alphabet.decode(b"go submit", "ucs2") == "go submit"
    assert alphabet.decode("\ufeff路灯".encode("utf-16-be"), "ucs2") == "路灯"
    assert alphabet.decode(b"\xff\xfe" + "路灯".encode("utf-16-le"), "ucs2") == "路灯"
    assert alphabet.decode(b"\xd8\x3d", "ucs2") == "�"
    assert alphabet.decode(b"a\x1b\x65\x00home", "ascii") == "a€@home"
    assert alphabet.decode(b"plain\r\n\0\0", "ascii") == "plain\r\n"
    assert alphabet.decode("路灯坏了".encode(), "binary") == "路灯坏了"
    assert alphabet.decode(bytes(range(40)), "binary") is None
    assert alphabet.decode(b"\x1b\x65\x1b\x00 \x00", "gsm7") == "€@ @"


def test_headers_that_are_for_machines_or_broken() -> None:
    assert udh.parse(bytes.fromhex("060504c34f0000ff")).machine
    assert udh.parse(bytes.fromhex("027000aa")).machine
    assert udh.parse(b"\x50abc") == udh.UserData(b"\x50abc")
    assert udh.parse(bytes.fromhex("0500030003040061")).concat is None  # part 4 of 3
    assert udh.parse(bytes.fromhex("05000300010161")).concat is None  # the only part
    assert udh.parse(b"") == udh.UserData(b"")


@pytest.mark.parametrize("raw", ["13800138000", "8613800138000", "+8613800138000", "+86 138-0013-8000"])
def test_one_person_has_one_name_however_written(raw: str) -> None:
    assert person(raw) == e164(raw) == "+8613800138000"


@pytest.mark.parametrize(
    ("raw", "name"), [("10086", "10086"), ("Bank", "Bank"), ("85223456789", "85223456789"), ("", "unknown")]
)
def test_what_is_no_telephone_number_keeps_its_name(raw: str, name: str) -> None:
    assert e164(raw) is None
    assert person(raw) == name


def test_landlines_and_other_countries() -> None:
    assert e164("089866123456") == "+8689866123456"
    assert e164("+85223456789") == "+85223456789"


CHINESE = (
    "龙华区海秀路路灯坏了",
    "你好",
    "堃焱小区瀚海",
    "停电了",
    "路灯不亮，电话13800138000！",
    "我家漏水😀了",
    "【海口】您好",
)
LABELS = ("gsm7", "ascii", "latin1", "gbk", "ucs2")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("codec", ["utf-16-be", "utf-8", "gb18030"])
@pytest.mark.parametrize("text", CHINESE)
def test_a_wrong_label_does_not_make_chinese_unreadable(text: str, codec: str, label: str) -> None:
    found = alphabet.read(text.encode(codec), label)
    assert found.text == text
    right = (codec, label) in {("utf-16-be", "ucs2"), ("gb18030", "gbk")}
    assert found.doubtful is not right


@pytest.mark.parametrize(
    "text",
    [
        "café",
        "Zoé!",
        "hello @ 12345",
        "$100 £5 ñ",
        "a@b.com",
        "Ünter Straße",
        "@@@@",
        "{12}",
        "ΔΦΓ",
        "no water",
        "OK",
        "120",
    ],
)
def test_what_is_gsm_is_believed(text: str) -> None:
    assert alphabet.read(gsm7.encode(text), "gsm7") == alphabet.Read(text)


@given(st.binary(max_size=300), st.sampled_from([*LABELS, "utf8", "binary"]))
def test_octets_that_nobody_can_read_are_marked(data: bytes, label: str) -> None:
    found = alphabet.read(data, label)
    assert found.doubtful or "\ufffd" not in (found.text or "") or b"\xff\xfd" in data or b"\xef\xbf\xbd" in data


@pytest.mark.parametrize("digit", "0123456789")
def test_a_digit_of_two_octets_is_a_choice(digit: str) -> None:
    assert alphabet.read(digit.encode("utf-16-be"), "gsm7").text == digit
