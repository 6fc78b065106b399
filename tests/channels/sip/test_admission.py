"""Who may call from where: trunks, listeners that the internet reaches, wrong passwords in virtual time."""

from __future__ import annotations

import hashlib
import ipaddress

import pytest
from structlog.testing import capture_logs

from channels.sip import SPEC
from channels.sip.admission import LOOPBACK, Networks
from channels.sip.exposure import local_addresses, public_addresses
from channels.sip.failures import OF_A_NAME, OF_A_SOURCE, Failures
from channels.sip.settings import SipSettings
from channels.sip.weak_passwords import is_weak
from gateway.errors import ConfigError
from tests.support.clocks import SetClock
from tests.support.fakes.house import FakeHouse

pytestmark = pytest.mark.integration


def test_ipv4_peers_of_a_socket_of_both_families_are_known():
    assert "::ffff:10.1.2.3" in Networks(("10.0.0.0/8",))
    assert "::ffff:127.0.0.1" in Networks(LOOPBACK)
    assert "fe80::1%eth0" in Networks(("fe80::/10",))


def test_this_machine_s_addresses():
    assert ipaddress.ip_address("127.0.0.1") in local_addresses(4)
    assert ipaddress.ip_address("127.0.0.1") in local_addresses(6)


@pytest.mark.parametrize(
    ("settings", "public"),
    [
        ({"host": "127.0.0.1"}, []),
        ({"host": "10.0.0.5"}, []),
        ({"host": "100.64.0.1"}, []),
        ({"host": "fd00::1"}, []),
        ({"host": "8.8.4.4"}, ["8.8.4.4"]),
        ({"host": "10.0.0.5", "advertised_host": "8.8.8.8"}, ["8.8.8.8"]),
        ({"host": "2606:4700::1"}, ["2606:4700::1"]),
    ],
)
def test_which_listeners_the_internet_reaches(settings, public):
    assert public_addresses(SipSettings(**settings)) == public


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - the default
def test_listening_everywhere_looks_at_every_interface(monkeypatch, host):
    everywhere = [ipaddress.ip_address(text) for text in ("127.0.0.1", "10.0.0.5", "8.8.8.8", "fe80::1")]
    monkeypatch.setattr("channels.sip.exposure.local_addresses", lambda _version: list(everywhere))
    assert public_addresses(SipSettings(host=host)) == ["8.8.8.8"]


async def run(tmp_path, **settings):
    channel = SPEC.build(
        SipSettings(port=0, rtp_ports=(0, 0), **settings), FakeHouse().context(channel_id="hotline", data_dir=tmp_path)
    )
    try:
        await channel.run()
    finally:
        await channel.aclose(drain_s=0)


async def test_an_open_listener_on_the_internet_does_not_start(tmp_path):
    with pytest.raises(ConfigError) as refused:
        await run(tmp_path, host="127.0.0.1", advertised_host="8.8.8.8")
    (problem,) = refused.value.problems
    assert "trunks" in problem
    assert "8.8.8.8" in problem


async def test_an_open_listener_on_a_private_network_warns_and_one_with_trunks_does_not(tmp_path):
    # 198.51.100.9 is no address of this machine: both end where they bind.
    with capture_logs() as logs, pytest.raises(OSError, match="assign"):
        await run(tmp_path, host="198.51.100.9")
    assert [entry["log_level"] for entry in logs if entry["event"] == "trunks_empty"] == ["warning"]
    with capture_logs() as logs, pytest.raises(OSError, match="assign"):
        await run(tmp_path, host="198.51.100.9", advertised_host="8.8.8.8", trunks=("10.0.0.5",))
    assert not [entry for entry in logs if entry["event"] == "trunks_empty"]


def test_failures_are_forgiven_with_time():
    clock = SetClock()
    failures = Failures(clock)
    assert [failures.reserve("s", "8001") for _ in range(OF_A_NAME.failures + 2)] == [True] * OF_A_NAME.failures + [
        False
    ] * 2
    assert failures.reserve("elsewhere", "8001")
    assert failures.reserve("s", "8002")
    clock.forward(OF_A_NAME.forgiven_s)
    assert failures.reserve("s", "8001")
    assert not failures.reserve("s", "8001")


def test_what_is_given_back_was_no_failure():
    failures = Failures(SetClock())
    for _ in range(10 * OF_A_SOURCE.failures):
        assert failures.reserve("s", "8001")
        failures.give_back("s", "8001")
    assert len(failures) == 0


def test_a_refused_try_costs_nothing_and_memory_has_an_end():
    failures = Failures(SetClock())
    for n in range(20_000):
        failures.reserve(f"s{n}", "x")
    assert len(failures) < 10_000
    for _ in range(100):
        failures.reserve("s", "8001")
    assert failures.reserve("s", "8002")


def test_the_passwords_that_everybody_tries_first():
    def ha1(password: str) -> str:
        return hashlib.md5(f"8001:12345:{password}".encode(), usedforsecurity=False).hexdigest()

    assert all(is_weak("8001", "12345", ha1(password)) for password in ("8001", "1234", "80018001", "12345", ""))
    assert not is_weak("8001", "12345", ha1("correct horse battery"))
