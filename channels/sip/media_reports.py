"""The RTCP socket beside a call's RTP socket (RFC 3550 11): receives reports and sends none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from channels.sip.rtp_source import Address


class Reports(asyncio.DatagramProtocol):
    """Hands every packet to ``heard``; whether it is a report of the far side is the session's business."""

    def __init__(self, heard: Callable[[bytes, Address], None]) -> None:
        self._heard = heard
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.DatagramProtocol``."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """See ``asyncio.DatagramProtocol``."""
        self._heard(data, addr)

    def close(self) -> None:
        """Close the socket, if it was opened."""
        if self._transport is not None:
            self._transport.close()
