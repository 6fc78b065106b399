"""Notices by e-mail, against a mail server that speaks RFC 5321."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.notifying.mail import MailSender, MailServer
from gateway.ports.notices import NoticeMessage
from tests.support.certificates import Authority
from tests.support.ports import LOOPBACK, free_port
from tests.support.smtp import MailPeer
from tests.support.waiting import until

pytestmark = pytest.mark.integration
TO = "duty@water.example"
NOTICE = NoticeMessage(
    message_id="17-42-abc",
    address=TO,
    subject="[紧急] 12345 签收超时 20261130-0000012",
    text="12345 20261130-0000012 签收超时 供水故障 海甸街道 时限 11-30 09:30\n.一行以点开头\nhttps://12345.example/unit/",
    at=datetime(2026, 11, 30, 1, 30, tzinfo=UTC),
)


def server(peer: MailPeer, **more: object) -> MailServer:
    given = MailServer(
        host=LOOPBACK,
        port=peer.port,
        tls="none",
        user="",
        password="",
        sender="海口12345 <12345@city.example>",
        ca_file=None,
        timeout_s=5.0,
    )
    return replace(given, **more)  # type: ignore[arg-type]  # a test's own keys


@asynccontextmanager
async def sender(at: MailServer) -> AsyncIterator[MailSender]:
    made = MailSender(at)
    try:
        yield made
    finally:
        await made.aclose()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def context(authority: Authority) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*authority.issue(LOOPBACK))
    return made


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_it_is_handed_in_over_tls_by_who_is_logged_in_and_arrives_as_it_was_written(
    tls: str, authority: Authority
) -> None:
    peer = MailPeer(tls=context(authority), implicit=tls == "tls", password="geheim")
    async with peer.listening():
        at = server(peer, tls=tls, user="hotline", password="geheim", ca_file=authority.ca_file)
        async with sender(at) as mail:
            await mail.send(NOTICE)
    (got,) = peer.mails
    assert (got.sender, got.recipients, got.tls, got.user) == ("12345@city.example", [TO], True, "hotline")
    assert got.message["Subject"] == NOTICE.subject
    assert got.message["From"] == "海口12345 <12345@city.example>"
    assert got.message["Message-ID"] == "<17-42-abc@city.example>"
    assert got.message.get_content().replace("\r\n", "\n") == NOTICE.text + "\n"


async def test_a_server_whose_certificate_nobody_knows_gets_no_password(authority: Authority, tmp_path: Path) -> None:
    peer = MailPeer(tls=context(authority), password="geheim")
    other = Authority(tmp_path / "other")
    async with peer.listening():
        at = server(peer, tls="starttls", user="hotline", password="geheim", ca_file=other.ca_file)
        async with sender(at) as mail:
            with pytest.raises(TransientDeliveryError) as refused:
                await mail.send(NOTICE)
    assert refused.value.retry_after_s
    assert "geheim" not in str(refused.value)
    assert peer.mails == []


async def test_a_mailbox_that_does_not_exist_is_refused_for_good_and_a_full_one_for_now() -> None:
    peer = MailPeer()
    async with peer.listening(), sender(server(peer)) as mail:
        peer.refused = {TO: "550 5.1.1 no such mailbox"}
        with pytest.raises(PermanentDeliveryError, match=r"550 5\.1\.1 no such mailbox"):
            await mail.send(NOTICE)
        peer.refused = {TO: "452 4.2.2 mailbox full"}
        with pytest.raises(TransientDeliveryError, match="452") as full:
            await mail.send(NOTICE)
        assert full.value.retry_after_s is None, "one mailbox: others are written to"
        peer.refused, peer.data_answer = {}, "554 5.7.1 looks like spam"
        with pytest.raises(PermanentDeliveryError, match="554"):
            await mail.send(NOTICE)
        peer.data_answer = "250 ok"
        await mail.send(NOTICE)
    assert len(peer.mails) == 1


async def test_a_wrong_password_is_nobodys_notices_fault() -> None:
    peer = MailPeer(password="geheim")
    async with peer.listening(), sender(server(peer, user="hotline", password="falsch")) as mail:
        with pytest.raises(TransientDeliveryError, match="535") as refused:
            await mail.send(NOTICE)
    assert refused.value.retry_after_s
    assert peer.mails == []


async def test_sent_is_only_what_the_server_acknowledged() -> None:
    """It hung up after the data: the mail is handed in again, under the same Message-ID."""
    peer = MailPeer(cut_after_data=True)
    async with peer.listening(), sender(server(peer)) as mail:
        with pytest.raises(TransientDeliveryError):
            await mail.send(NOTICE)
        peer.cut_after_data = False
        await mail.send(NOTICE)
    assert {got.message["Message-ID"] for got in peer.mails} == {"<17-42-abc@city.example>"}


async def test_a_server_that_is_down_or_says_nothing_is_told_apart_from_a_refusal() -> None:
    down = MailPeer(port=free_port())
    async with sender(server(down)) as mail:
        with pytest.raises(TransientDeliveryError) as refused:
            await mail.send(NOTICE)
    assert refused.value.retry_after_s
    silent = MailPeer(silent=True)
    async with silent.listening(), sender(server(silent, timeout_s=0.2)) as mail:
        with pytest.raises(TransientDeliveryError):
            await mail.send(NOTICE)
        silent.silent = False
        await mail.send(NOTICE)
    assert len(silent.mails) == 1


@pytest.mark.parametrize("tls", ["none", "starttls"])
async def test_a_server_that_takes_long_over_a_mail_has_taken_it(tls: str, authority: Authority) -> None:
    """Giving up on its answer would be to hand in again what it has taken (RFC 5321 §4.5.3.2.6)."""
    peer = MailPeer(tls=None if tls == "none" else context(authority), thinks_s=1.5)
    async with peer.listening(), sender(server(peer, tls=tls, ca_file=authority.ca_file, timeout_s=1.0)) as mail:
        await mail.send(NOTICE)
    assert len(peer.mails) == 1


@pytest.mark.parametrize("how", [{"drips": True}, {"thinks_s": 3600.0}], ids=str)
async def test_a_conversation_ends_whatever_the_server_does(how: dict[str, Any]) -> None:
    """Each letter that comes is in time, and no line ever ends."""
    peer = MailPeer(**how)
    async with peer.listening(), sender(server(peer, longest_s=0.5)) as mail:
        with pytest.raises(TransientDeliveryError):
            await mail.send(NOTICE)


async def test_who_ends_waits_for_no_server() -> None:
    peer = MailPeer(thinks_s=3600.0)
    async with peer.listening(), sender(server(peer)) as mail:
        sending = asyncio.create_task(mail.send(NOTICE))
        await until(lambda: peer.mails, "the mail")
        await mail.aclose()
        with pytest.raises(TransientDeliveryError):
            await sending


async def test_a_line_break_in_an_address_is_no_header() -> None:
    peer = MailPeer()
    async with peer.listening(), sender(server(peer)) as mail:
        with pytest.raises(PermanentDeliveryError):
            await mail.send(replace(NOTICE, address="a@b.example\r\nBcc: c@d.example"))
    assert peer.mails == []


async def test_a_probe_logs_in_and_hands_in_nothing() -> None:
    peer = MailPeer(password="geheim")
    async with peer.listening():
        async with sender(server(peer, user="hotline", password="geheim")) as mail:
            await mail.probe()
        async with sender(server(peer, user="hotline", password="falsch")) as mail:
            with pytest.raises(TransientDeliveryError, match="535"):
                await mail.probe()
    assert peer.mails == []
    assert peer.connections == 2
