"""CMPP over a kept connection: connecting as a service, deliver, status reports, submit."""

from __future__ import annotations

import asyncio
import hmac
from datetime import timedelta, timezone

from channels.sms.assembly import MessagePart
from channels.sms.cmpp import pdu
from channels.sms.codec import alphabet, udh
from channels.sms.codec.split import Segment
from channels.sms.link import ANSWER, CmppHeader, Frame, Header, Link, LinkError, MalformedPdu
from channels.sms.link_channel import BindRefused, LinkChannel, OperatorRequest
from channels.sms.numbers import digits
from channels.sms.receipts import Word
from channels.sms.settings import CmppSettings
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.clock import Clock
from gateway.telemetry import log

_log = log.get("sms.cmpp")

THROTTLED_S = 1.0
"""Seconds to wait after throttling: CMPP names none; contracts count messages per second."""
_CHINA = timezone(timedelta(hours=8))
_OK, _BAD_STRUCTURE, _FLOW_CONTROL, _OTHER = 0, 1, 8, 9
_REFUSALS = {1: "bad structure", 2: "unknown source", 3: "authentication failed", 4: "version too high"}
_CREDENTIAL = frozenset({2, 3})
_WHY = {
    1: "bad structure",
    2: "wrong command",
    3: "repeated sequence",
    4: "wrong length",
    5: "wrong fee code",
    6: "too long",
    7: "wrong service code",
    9: "other error",
    10: "wrong Src_Id",
    11: "wrong Msg_src",
    12: "wrong Fee_terminal_Id",
    13: "wrong Dest_terminal_Id",
}
_FORMATS = {alphabet.ASCII: 0, alphabet.UCS2: 8}
_RESP_V2, _SUBMIT_RESP_V2 = 18, 9
_FREE_TO_SERVICE = 2
"""Fee_UserType: the service pays."""


class CmppDialect:
    """See ``link_channel.Dialect``."""

    header: Header = CmppHeader()
    test_command = pdu.ACTIVE_TEST
    plain: str | None = alphabet.ASCII

    def __init__(self, settings: CmppSettings, clock: Clock) -> None:
        """``settings`` as checked."""
        self._settings = settings
        self._clock = clock
        self.test_every_s = settings.active_test_s
        self.tries = settings.tries

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Plain TCP; the protocol knows no other."""
        return await asyncio.open_connection(self._settings.host, self._settings.port)

    async def bind(self, link: Link) -> None:
        """CMPP_CONNECT with the MD5 authenticator."""
        settings = self._settings
        secret = settings.secret.get_secret_value()
        timestamp = int(self._clock.now().astimezone(_CHINA).strftime("%m%d%H%M%S"))
        proof = pdu.source_authenticator(settings.sp_id, secret, timestamp)
        body = pdu.encode(
            pdu.CONNECT,
            {
                "Source_Addr": settings.sp_id,
                "AuthenticatorSource": proof,
                "Version": pdu.VERSION_OCTET[settings.version],
                "Timestamp": timestamp,
            },
            settings.version,
        )
        frame = await link.request(pdu.CONNECT, body, windowed=False)
        version = pdu.V2 if len(frame.body) <= _RESP_V2 else pdu.V3
        try:
            fields = pdu.decode(frame.command, frame.body, version)
        except MalformedPdu as error:
            raise BindRefused(f"CONNECT_RESP: {error}", credential=False) from error
        status = fields["Status"]
        if status != _OK:
            reason = _REFUSALS.get(status, f"status {status}")
            raise BindRefused(f"connect refused: {reason}", credential=status in _CREDENTIAL)
        theirs = fields["AuthenticatorISMG"]
        ours = pdu.ismg_authenticator(status, proof, secret, version)
        if any(theirs) and not hmac.compare_digest(theirs, ours):
            # Gateways exist that fill it otherwise; refusing them would leave the number silent.
            _log.warning("cmpp_gateway_not_proved", peer=settings.host)

    async def unbind(self, link: Link) -> None:
        """CMPP_TERMINATE."""
        await link.request(pdu.TERMINATE, b"", windowed=False)

    async def answer(self, link: Link, frame: Frame) -> OperatorRequest | None:
        """See ``Dialect``. A command that we do not know has no answer."""
        if frame.command == pdu.DELIVER:
            return self._delivery(frame)
        if frame.command == pdu.ACTIVE_TEST:
            await link.write(frame.command | ANSWER, 0, frame.sequence, b"\0")
        elif frame.command == pdu.TERMINATE:
            await link.write(frame.command | ANSWER, 0, frame.sequence)
            link.end("the gateway terminated")
        else:
            _log.warning("cmpp_unknown_command", command=f"{frame.command:#010x}")
        return None

    def _delivery(self, frame: Frame) -> OperatorRequest:
        version = self._settings.version

        def answered(msg_id: bytes, result: int) -> tuple[int, int, bytes]:
            fields = {"Msg_Id": msg_id, "Result": result}
            return frame.command | ANSWER, 0, pdu.encode(frame.command | ANSWER, fields, version)

        try:
            fields = pdu.decode(frame.command, frame.body, version)
            word = _word(fields["Msg_Content"]) if fields["Registered_Delivery"] else None
        except MalformedPdu:
            return OperatorRequest(None, None, answered(frame.body[:8], _BAD_STRUCTURE), None, malformed=True)
        taken = answered(fields["Msg_Id"], _OK)
        if word is not None:
            return OperatorRequest(None, word, taken, None)
        content = fields["Msg_Content"]
        data = udh.parse(content) if fields["TP_udhi"] else udh.UserData(content)
        part = MessagePart(
            sender=fields["Src_terminal_Id"],
            recipient=fields["Dest_Id"],
            body=data.body,
            alphabet=alphabet.BINARY if data.machine else alphabet.of_cmpp(fields["Msg_Fmt"]),
            concat=data.concat,
            external_id=pdu.lasting_id(fields["Msg_Id"], self._clock.now()),
        )
        return OperatorRequest(part, None, taken, None)

    async def submit(self, link: Link, recipient: str, segment: Segment) -> str:
        """CMPP_SUBMIT to one telephone; the Msg_Id, or nothing when the gateway gave none."""
        settings = self._settings
        try:
            body = pdu.encode(pdu.SUBMIT, self._submit_fields(recipient, segment), settings.version)
        except ValueError as error:
            raise PermanentDeliveryError(str(error)) from error
        frame = await link.request(pdu.SUBMIT, body)
        try:
            version = pdu.V2 if len(frame.body) <= _SUBMIT_RESP_V2 else pdu.V3
            answer = pdu.decode(frame.command, frame.body, version)
        except MalformedPdu as error:
            raise LinkError(f"SUBMIT_RESP: {error}") from error
        result = answer["Result"]
        if result == _FLOW_CONTROL:
            raise TransientDeliveryError("the gateway throttles", retry_after_s=THROTTLED_S, errcode=result)
        if result == _OTHER and settings.version == pdu.V2:
            raise TransientDeliveryError("the gateway answered: other error", errcode=result)
        if result != _OK:
            why = _WHY.get(result, "the operator's own code")
            raise PermanentDeliveryError(f"the gateway refused it with result {result} ({why})", errcode=result)
        return answer["Msg_Id"].hex() if any(answer["Msg_Id"]) else ""

    def _submit_fields(self, recipient: str, segment: Segment) -> dict[str, object]:
        settings = self._settings
        return {
            "Pk_total": segment.total,
            "Pk_number": segment.number,
            "Registered_Delivery": int(settings.receipts),
            "Service_Id": settings.service_id,
            "Fee_UserType": _FREE_TO_SERVICE,
            "TP_udhi": int(segment.total > 1),
            "Msg_Fmt": _FORMATS[segment.alphabet],
            "Msg_src": settings.sp_id,
            "FeeType": settings.fee_type,
            "FeeCode": settings.fee_code,
            "Src_Id": settings.number,
            "DestUsr_tl": 1,
            "Dest_terminal_Id": [digits(recipient.removeprefix("+86"))],
            "Msg_Length": len(segment.data),
            "Msg_Content": segment.data,
        }


def _word(content: bytes) -> Word:
    """A status report: DELIVRD is delivered, ACCEPTD on the way, everything else failed with its code.

    Some gateways spell DELIVERED and ACCEPTED, in either case.
    """
    fields = pdu.report(content)
    state = fields["Stat"].strip()
    outcome = {"DELIV": "delivered", "ACCEP": None}.get(state.upper()[:5], "failed")
    return Word(fields["Msg_Id"].hex(), outcome, state if outcome == "failed" else None)


def build(settings: CmppSettings, context: ChannelContext) -> LinkChannel:
    """A channel over CMPP."""
    return LinkChannel(settings, context, CmppDialect(settings, context.clock))
