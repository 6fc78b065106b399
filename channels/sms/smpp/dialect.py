"""SMPP over a kept connection: binding as a transceiver, deliver_sm, receipts, submit_sm."""

from __future__ import annotations

import asyncio
import ssl

from channels.sms.assembly import MessagePart
from channels.sms.codec import alphabet
from channels.sms.codec.alphabet import BINARY, GSM7
from channels.sms.codec.split import Segment
from channels.sms.link import ANSWER, Frame, Header, Link, LinkError, MalformedPdu, SmppHeader
from channels.sms.link_channel import BindRefused, LinkChannel, OperatorRequest
from channels.sms.numbers import digits
from channels.sms.settings import SmppSettings
from channels.sms.smpp import pdu
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.telemetry import log

_log = log.get("sms.smpp")

THROTTLED_S = 1.0
"""Seconds to wait after throttling: SMPP names none; contracts count messages per second."""
_READERS = {pdu.DELIVER_SM: pdu.read_deliver, pdu.DATA_SM: pdu.read_data}
_EMPTY_ID = b"\0"
"""message_id in deliver_sm_resp is unused (4.6.2)."""


class SmppDialect:
    """See ``link_channel.Dialect``."""

    header: Header = SmppHeader()
    test_command = pdu.ENQUIRE_LINK
    tries = 1
    """SMPP repeats nothing on a connection: a second submit_sm would be a second message."""

    def __init__(self, settings: SmppSettings) -> None:
        """``settings`` as checked."""
        self._settings = settings
        self.test_every_s = settings.enquire_link_s
        self.plain: str | None = GSM7 if settings.default_alphabet == GSM7 else alphabet.ASCII

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """TCP, or TLS where configured."""
        settings = self._settings
        context = None
        if settings.tls:
            ca = str(settings.tls_ca_file) if settings.tls_ca_file else None
            context = await asyncio.to_thread(ssl.create_default_context, cafile=ca)
        return await asyncio.open_connection(settings.host, settings.port, ssl=context)

    async def bind(self, link: Link) -> None:
        """bind_transceiver (SMPP 3.4, 4.1.5)."""
        settings = self._settings
        body = pdu.bind(settings.system_id, settings.password.get_secret_value(), settings.system_type)
        frame = await link.request(pdu.BIND_TRANSCEIVER, body, windowed=False)
        if frame.status != pdu.ROK or frame.command == pdu.GENERIC_NACK:
            reason = pdu.UNWELCOME.get(frame.status)
            raise BindRefused(f"bind refused: {reason or f'status {frame.status:#x}'}", credential=reason is not None)

    async def unbind(self, link: Link) -> None:
        """Unbind (4.2)."""
        await link.request(pdu.UNBIND, b"", windowed=False)

    async def answer(self, link: Link, frame: Frame) -> OperatorRequest | None:
        """See ``Dialect``."""
        reader = _READERS.get(frame.command)
        if reader is not None:
            return self._delivery(frame, reader)
        if frame.command == pdu.ENQUIRE_LINK:
            await link.write(frame.command | ANSWER, pdu.ROK, frame.sequence)
        elif frame.command == pdu.UNBIND:
            await link.write(frame.command | ANSWER, pdu.ROK, frame.sequence)
            link.end("the SMSC unbound")
        else:
            await link.write(pdu.GENERIC_NACK, pdu.RINVCMDID, frame.sequence)
        return None

    def _delivery(self, frame: Frame, reader: pdu.Reader) -> OperatorRequest:
        answer = frame.command | ANSWER
        taken = (answer, pdu.ROK, _EMPTY_ID)
        later = (answer, pdu.RX_T_APPN, _EMPTY_ID)
        try:
            message = reader(frame.body)
        except MalformedPdu:
            return OperatorRequest(None, None, (answer, pdu.RX_P_APPN, _EMPTY_ID), later, malformed=True)
        if message.receipt:
            return OperatorRequest(None, message.word(), taken, later)
        data = message.user_data()
        name = BINARY if data.machine else alphabet.of_smpp(message.data_coding, self._settings.default_alphabet)
        part = MessagePart(message.source, message.destination, data.body, name, data.concat)
        return OperatorRequest(part, None, taken, later)

    async def submit(self, link: Link, recipient: str, segment: Segment) -> str:
        """submit_sm; every part asks for its receipt, so that a lost one shows."""
        settings = self._settings
        body = pdu.submit(
            pdu.Address(settings.number_ton, settings.number_npi, settings.number),
            pdu.Address(
                settings.recipient_ton if recipient.startswith("+") else 0, settings.recipient_npi, digits(recipient)
            ),
            segment.data,
            coding=pdu.coding_of(segment.alphabet),
            header=segment.total > 1,
            receipt=settings.receipts,
        )
        frame = await link.request(pdu.SUBMIT_SM, body)
        status = frame.status
        if frame.command == pdu.GENERIC_NACK:
            raise LinkError(f"generic_nack {status:#x}")
        if status in pdu.THROTTLED:
            raise TransientDeliveryError(f"SMSC: {pdu.THROTTLED[status]}", retry_after_s=THROTTLED_S, errcode=status)
        if status in pdu.PASSING:
            raise TransientDeliveryError(f"SMSC: {pdu.PASSING[status]}", errcode=status)
        if status != pdu.ROK:
            raise PermanentDeliveryError(f"the SMSC refused it with status {status:#010x}", errcode=status)
        return pdu.message_id(frame.body)


def build(settings: SmppSettings, context: ChannelContext) -> LinkChannel:
    """A channel over SMPP."""
    return LinkChannel(settings, context, SmppDialect(settings))
