"""Who is calling: From as anybody may write it, and what a peer that we trust says instead."""

from __future__ import annotations

import pytest

from gateway.intake.call.numbers import caller_number
from tests.support.sip import Phone

pytestmark = pytest.mark.integration

TRUNK = {"trunks": ("127.0.0.1",)}
CALLER = "+8613800138000"
NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>'
PILOT = "<sip:66500000@127.0.0.1;user=phone>"
"""The trunk's own number, which equipment writes into From of every call."""


@pytest.fixture
def call(make, dial):
    """Place one call and hang up; what the house is told of it."""

    async def place(*headers: str, from_: str = NOBODY, **settings):
        gateway = await make(**settings)
        phone = Phone(await dial(gateway))
        phone.from_ = f"{from_};tag={phone.tag}"
        await phone.up(*headers)
        await phone.bye()
        return gateway.legs[0].info

    return place


@pytest.mark.parametrize("from_", [NOBODY, PILOT])
@pytest.mark.parametrize("peer", [TRUNK, {"trusted_proxies": ("127.0.0.0/8",)}], ids=["trunk", "proxy"])
@pytest.mark.parametrize(
    "asserted",
    [
        f"<tel:{CALLER}>",
        f'"张三" <sip:{CALLER}@carrier.example;user=phone>',
        "sip:13800138000@10.0.0.1",
        "<sip:%2B8613800138000@10.0.0.1>",
        f'"A, B" <sip:alice@carrier.example>, <tel:{CALLER}>',
        f"<sip:{CALLER};npdi@10.0.0.1>, <tel:+8613900000000>",
    ],
)
async def test_an_asserted_identity_is_who_calls(call, from_, peer, asserted):
    info = await call(f"P-Asserted-Identity: {asserted}", from_=from_, **peer)
    assert caller_number(info) == CALLER
    assert info.asserted_identity == asserted
    assert not info.withheld


async def test_two_headers_of_it_are_one_list(call):
    info = await call(
        "P-Asserted-Identity: <sip:alice@carrier.example>", f"P-Asserted-Identity: <tel:{CALLER}>", **TRUNK
    )
    assert caller_number(info) == CALLER
    assert info.asserted_identity == f"<sip:alice@carrier.example>, <tel:{CALLER}>"


async def test_one_that_is_no_number_leaves_from(call):
    info = await call("P-Asserted-Identity: <sip:pbx@carrier.example>", from_=f"<sip:{CALLER}@10.0.0.1>", **TRUNK)
    assert caller_number(info) == CALLER


@pytest.mark.parametrize(
    "header",
    [
        "P-Asserted-Identity: <tel:+8613900000000>",
        "Remote-Party-ID: <sip:+8613900000000@10.0.0.1>;party=calling;screen=yes",
    ],
)
@pytest.mark.parametrize("settings", [{}, {"trusted_proxies": ("192.0.2.1",)}], ids=["nobody", "others"])
async def test_a_stranger_asserts_nothing(call, header, settings):
    info = await call(header, from_=f"<sip:{CALLER}@10.0.0.1>", **settings)
    assert caller_number(info) == CALLER
    assert info.asserted_identity is None


async def test_what_a_caller_prefers_is_not_believed_even_from_a_trunk(call):
    info = await call("P-Preferred-Identity: <tel:+8613900000000>", **TRUNK)
    assert caller_number(info) is None


@pytest.mark.parametrize("privacy", ["id", "user;id;critical", "header; ID"])
async def test_who_asks_to_stay_unknown_is_known_to_us_and_withheld(call, privacy):
    """RFC 3325 §9.3: within the trust domain the identity goes on, with the wish that nobody else sees it."""
    info = await call(f"P-Asserted-Identity: <tel:{CALLER}>", f"Privacy: {privacy}", **TRUNK)
    assert caller_number(info) == CALLER
    assert info.withheld


@pytest.mark.parametrize("privacy", ["none", "session", "history"])
async def test_other_privacy_hides_nobody(call, privacy):
    info = await call(f"P-Asserted-Identity: <tel:{CALLER}>", f"Privacy: {privacy}", **TRUNK)
    assert caller_number(info) == CALLER
    assert not info.withheld


@pytest.mark.parametrize(
    ("value", "number", "withheld"),
    [
        (f"<sip:{CALLER}@10.0.0.1>;party=calling;screen=yes;privacy=off", CALLER, False),
        (f'"x" <sip:{CALLER}@10.0.0.1;user=phone>;screen=yes', CALLER, False),
        (f"<sip:{CALLER}@10.0.0.1>;party=calling;screen=yes;privacy=full", CALLER, True),
        (f"<sip:1@10.0.0.1>;party=called;screen=yes, <sip:{CALLER}@10.0.0.1>;party=calling;screen=yes", CALLER, False),
        (f"<sip:{CALLER}@10.0.0.1>;party=called;screen=yes", None, False),
        (f"<sip:{CALLER}@10.0.0.1>;party=calling;screen=no", None, False),
        (f"<sip:{CALLER}@10.0.0.1>;party=calling", None, False),
    ],
)
async def test_remote_party_id_of_older_equipment(call, value, number, withheld):
    info = await call(f"Remote-Party-ID: {value}", **TRUNK)
    assert (caller_number(info), info.withheld) == (number, withheld)


async def test_asserted_identity_comes_before_remote_party_id(call):
    info = await call(
        "Remote-Party-ID: <sip:+8613900000000@10.0.0.1>;party=calling;screen=yes",
        f"P-Asserted-Identity: <tel:{CALLER}>",
        **TRUNK,
    )
    assert caller_number(info) == CALLER


@pytest.mark.parametrize(
    ("from_", "settings", "number"),
    [
        ("<sip:66534321@10.0.0.1>", {}, "+8689866534321"),
        ("<sip:66534321@10.0.0.1>", {"area_code": "0591"}, "+8659166534321"),
        ("<sip:66534321@10.0.0.1>", {"area_code": ""}, None),
        ("<sip:23456789@10.0.0.1>", {"country": "HK", "area_code": ""}, "+85223456789"),
        ("<tel:6653-4321;phone-context=+86898>", {"area_code": ""}, "+8689866534321"),
        ("<sip:%2B8613800138000@10.0.0.1>", {}, CALLER),
        ("<sip:08986653-4321;user=phone@10.0.0.1>", {}, "+8689866534321"),
        ("sip:13800138000;npdi@10.0.0.1", {}, CALLER),
    ],
)
async def test_a_caller_s_number_is_completed_as_the_trunk_s_settings_say(call, from_, settings, number):
    assert caller_number(await call(from_=from_, **settings)) == number


# -- where the call was meant to go ------------------------------------------------------------------------------------

FIRST = "<sip:66501234@10.0.0.1>;index=1"
HISTORY = f"{FIRST}, <sip:66505678@10.0.0.1?Reason=SIP%3Bcause%3D486>;index=1.1;rc=1, <sip:12345@127.0.0.1>;index=1.2"


@pytest.mark.parametrize(
    ("headers", "diversion"),
    [
        ([f"History-Info: {HISTORY}"], FIRST),
        ([f"History-Info: {value.strip()}" for value in reversed(HISTORY.split(","))], FIRST),
        (['History-Info: "a, b" <sip:66501234@h>;index=1, <sip:12345@h>;index=1.1'], '"a, b" <sip:66501234@h>;index=1'),
        (["History-Info: <sip:66501234@h>"], "<sip:66501234@h>"),
        (["History-Info: <sip:12345@127.0.0.1>;index=1, <sip:desk@10.0.0.1>;index=1.1"], None),
        (["History-Info: ,;,"], None),
        (["History-Info: <sip:1@h>;index=x, <sip:66501234@h>;index=2"], "<sip:66501234@h>;index=2"),
        ([f"History-Info: {HISTORY}", "Diversion: <sip:1@h>;reason=no-answer"], "<sip:1@h>;reason=no-answer"),
        ([], None),
    ],
)
async def test_history_tells_what_was_dialled_first(call, headers, diversion):
    info = await call(*headers)
    assert info.diversion == diversion
    assert info.to_user == "12345"
