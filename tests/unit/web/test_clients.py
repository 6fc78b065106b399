"""Rates, proxies, passwords, ranges, vCon ids."""

from __future__ import annotations

import uuid

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.addresses import short_form, site_key
from gateway.domain.ids import new_ulid
from gateway.web.api.served_file import ByteRange, parse_range
from gateway.web.api.vcon import ulid_uuid
from gateway.web.clients import Proxies, RateLimiter
from gateway.web.passwords import one_time_password
from gateway.web.problems import Problem
from gateway.web.weak_passwords import weakness
from tests.support.clocks import SetClock

pytestmark = pytest.mark.unit


def test_a_burst_is_allowed_then_the_rate_holds() -> None:
    clock = SetClock()
    limiter = RateLimiter(per_s=2, clock=clock, burst=4)
    for _ in range(4):
        limiter.take("a")
    with pytest.raises(Problem) as refused:
        limiter.take("a")
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "1"
    limiter.take("b")
    clock.forward(0.5)
    limiter.take("a")
    assert limiter.exhausted("a")
    assert not limiter.exhausted("c")


def test_only_so_many_clients_are_remembered() -> None:
    limiter = RateLimiter(per_s=1, clock=SetClock(), burst=1)
    for n in range(30_000):
        limiter.take(str(n))
    assert len(limiter._buckets) <= 20_000


def asked(peer: str, **headers: str) -> web.Request:
    class Transport:
        def get_extra_info(self, name: str, default: object = None) -> object:
            return (peer, 1234) if name == "peername" else default

    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return make_mocked_request("GET", "/", headers=sent, transport=Transport())


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ((), "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (("10.0.0.0/8",), "10.0.0.1", "198.51.100.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (("10.0.0.0/8",), "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("::1/128",), "::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_proxies_are_believed(trusted: tuple[str, ...], peer: str, forwarded: str, client: str) -> None:
    request = asked(peer, X_Forwarded_For=forwarded, X_Forwarded_Proto="https")
    assert Proxies(trusted).client(request) == client
    assert Proxies(trusted).secure(request) is (bool(trusted) and peer != "203.0.113.9")


@given(st.integers(1, 5000), st.integers(0, 6000), st.integers(0, 6000))
def test_a_range_never_leaves_the_file(size: int, first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if first >= size and last >= first:
        with pytest.raises(Problem) as refused:
            parse_range(header, size)
        assert refused.value.status == 416
    elif last < first:
        assert parse_range(header, size) is None
    else:
        assert parse_range(header, size) == ByteRange(first, min(last, size - 1))


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(Problem):
        parse_range("bytes=0-", 0)
    assert parse_range(None, 0) is None


def test_passwords() -> None:
    assert len({one_time_password() for _ in range(50)}) == 50
    assert weakness(one_time_password(), "wang") is None
    assert weakness("x" * 201, "wang") == "password_too_long"
    assert weakness("my wang pass", "Wang") == "password_too_simple"


def test_a_ticket_has_the_same_vcon_id_always() -> None:
    ulid = new_ulid()
    made = uuid.UUID(ulid_uuid(ulid))
    assert made.version == 8
    assert made.variant == uuid.RFC_4122
    assert ulid_uuid(ulid) == str(made)


def test_ipv6_clients_are_counted_by_network_also_behind_a_proxy() -> None:
    proxies = Proxies(("127.0.0.1/32",))

    def counted(address: str) -> str:
        request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": address})
        return proxies.counted(request.clone(remote="127.0.0.1"))

    assert counted("2001:db8:1:2::1") == counted("2001:db8:1:2:3::4") != counted("2001:db8:1:3::1")
    assert counted("203.0.113.7") == "203.0.113.7"


def test_addresses_are_counted_by_site_and_written_down_in_short() -> None:
    assert site_key("203.0.113.9") == "203.0.113.9/32"
    assert site_key("2001:db8:7:1::9") == site_key("2001:db8:7:ff::1") == "2001:db8:7::/48"
    assert site_key("::ffff:203.0.113.9") == "203.0.113.9/32"
    assert short_form("203.0.113.9") == "203.0.113.0/24"
    assert short_form("2001:db8:7:1::9") == "2001:db8:7::/48"
    assert site_key("local") == short_form("local") == "local"
