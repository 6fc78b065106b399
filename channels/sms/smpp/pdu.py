"""SMPP 3.4 bodies that this channel reads and writes (section 4), without their header."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from channels.sms.codec import alphabet, udh
from channels.sms.link import MalformedPdu
from channels.sms.receipts import Word

GENERIC_NACK = 0x80000000
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
BIND_TRANSCEIVER = 0x00000009
ENQUIRE_LINK = 0x00000015
DATA_SM = 0x00000103

ROK, RINVCMDID, RX_T_APPN, RX_P_APPN = 0x00, 0x03, 0x64, 0x65
THROTTLED = {0x14: "queue full", 0x58: "throttled"}
"""ESME_RMSGQFUL and ESME_RTHROTTLED."""
PASSING = {0x04: "not bound", 0x08: "system error", 0x45: "submit failed", 0x64: "temporary application error"}
"""Other statuses after which the same message may go."""
UNWELCOME = {0x0D: "bind failed", 0x0E: "wrong password", 0x0F: "unknown system_id"}
"""Answers to a bind that a person has to look at."""

_UDHI = 0x40
_RECEIPT, _INTERMEDIATE, _TYPE = 0x04, 0x20, 0x3C
_MESSAGE_PAYLOAD, _RECEIPTED_ID, _MESSAGE_STATE = 0x0424, 0x001E, 0x0427
_SAR_REF, _SAR_TOTAL, _SAR_NUMBER = 0x020C, 0x020E, 0x020F
_STATES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 8: "REJECTD"}
_OUTCOMES = (
    ("DELIV", "delivered"),
    ("EXPIR", "failed"),
    ("FAIL", "failed"),
    ("DELET", "failed"),
    ("UNDEL", "failed"),
    ("REJEC", "failed"),
)
"""By how a state begins: some spell DELIVRD, others DELIVERED or Delivered."""
_FIELD = re.compile(r"\b(id|stat|err|submit date|done date|dlvrd) *[:：=] *(\S+)", re.IGNORECASE)
_RECEIPT_OCTETS = 512
_RECEIPT_FIELDS = frozenset({"id", "stat"})


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """What deliver_sm and data_sm carry."""

    source: str
    destination: str
    esm_class: int
    data_coding: int
    data: bytes
    tlvs: dict[int, bytes] = field(default_factory=dict)

    @property
    def receipt(self) -> bool:
        """Whether it is a receipt and not a person's message (5.2.12), also where esm_class forgets to say so.

        Then the TLV receipted_message_id tells, or the usual text: id and stat, and one more field of appendix B.
        """
        if self.esm_class & _TYPE in {_RECEIPT, _INTERMEDIATE} or _RECEIPTED_ID in self.tlvs:
            return True
        said = self._said()
        return said.keys() > _RECEIPT_FIELDS

    def user_data(self) -> udh.UserData:
        """Body and place among its parts, from a header or the SAR TLVs."""
        parsed = udh.parse(self.data) if self.esm_class & _UDHI else udh.UserData(self.data)
        if parsed.concat is None and all(tag in self.tlvs for tag in (_SAR_REF, _SAR_TOTAL, _SAR_NUMBER)):
            ref, total, number = (int.from_bytes(self.tlvs[tag], "big") for tag in (_SAR_REF, _SAR_TOTAL, _SAR_NUMBER))
            return udh.UserData(parsed.body, udh.concat(f"sar:{ref}", total, number), parsed.machine)
        return parsed

    def word(self) -> Word | None:
        """A receipt's meaning: from its TLVs, else from the usual text (appendix B); None when it names no message."""
        said = self._said()
        external_id = self.tlvs.get(_RECEIPTED_ID, b"").rstrip(b"\0").decode("latin-1") or said.get("id", "")
        state = _STATES.get(int.from_bytes(self.tlvs.get(_MESSAGE_STATE, b""), "big")) or said.get("stat", "UNKNOWN")
        if not external_id:
            return None
        outcome = next((outcome for begins, outcome in _OUTCOMES if state.upper().startswith(begins)), None)
        error = f"{state} {said.get('err', '')}".strip() if outcome == "failed" else None
        return Word(external_id, outcome, error, self.source)

    def _said(self) -> dict[str, str]:
        """The fields of a receipt's text (appendix B), by lower-case name; empty for anything else."""
        text = alphabet.decode(self.data[:_RECEIPT_OCTETS], alphabet.of_smpp(self.data_coding))
        return {name.lower(): value for name, value in _FIELD.findall(text or "")}


class _Fields:
    """Takes fields off a body."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def text(self) -> str:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise MalformedPdu("a C-octet string does not end")
        value = self.data[self.at : end]
        self.at = end + 1
        return value.decode("latin-1")

    def octets(self, length: int) -> bytes:
        value = self.data[self.at : self.at + length]
        if len(value) < length:
            raise MalformedPdu("the body is too short")
        self.at += length
        return value

    def integer(self, length: int = 1) -> int:
        return int.from_bytes(self.octets(length), "big")

    def tlvs(self) -> dict[int, bytes]:
        found = {}
        while self.at < len(self.data):
            tag, length = self.integer(2), self.integer(2)
            found[tag] = self.octets(length)
        return found


def read_deliver(body: bytes) -> ShortMessage:
    """deliver_sm (4.6.1); ``MalformedPdu``."""
    reader = _Fields(body)
    reader.text()
    reader.octets(2)
    source = reader.text()
    reader.octets(2)
    destination = reader.text()
    esm_class = reader.integer()
    reader.octets(2)
    reader.text()
    reader.text()
    reader.octets(2)
    data_coding = reader.integer()
    reader.octets(1)
    data = reader.octets(reader.integer())
    tlvs = reader.tlvs()
    return ShortMessage(source, destination, esm_class, data_coding, data or tlvs.get(_MESSAGE_PAYLOAD, b""), tlvs)


def read_data(body: bytes) -> ShortMessage:
    """data_sm (4.7.1); ``MalformedPdu``."""
    reader = _Fields(body)
    reader.text()
    reader.octets(2)
    source = reader.text()
    reader.octets(2)
    destination = reader.text()
    esm_class, _registered, data_coding = reader.octets(3)
    tlvs = reader.tlvs()
    return ShortMessage(source, destination, esm_class, data_coding, tlvs.get(_MESSAGE_PAYLOAD, b""), tlvs)


Reader = Callable[[bytes], ShortMessage]


def bind(system_id: str, password: str, system_type: str) -> bytes:
    """bind_transceiver (4.1.5): interface version 3.4, any address."""
    return _text(system_id) + _text(password) + _text(system_type) + bytes((0x34, 0, 0)) + _text("")


@dataclass(frozen=True, slots=True)
class Address:
    """Type of number, numbering plan (5.2.5, 5.2.6), and the number."""

    ton: int
    npi: int
    number: str

    def pack(self) -> bytes:
        """As it stands in a PDU."""
        return bytes((self.ton, self.npi)) + _text(self.number)


def submit(source: Address, destination: Address, data: bytes, *, coding: int, header: bool, receipt: bool) -> bytes:
    """submit_sm (4.4.1); ``data`` at most 254 octets, ``header``: it begins with a user data header."""
    return b"".join(
        (
            _text(""),
            source.pack(),
            destination.pack(),
            bytes((_UDHI if header else 0, 0, 0)),
            _text(""),
            _text(""),
            struct.pack(">BBBBB", int(receipt), 0, coding, 0, len(data)),
            data,
        )
    )


def message_id(body: bytes) -> str:
    """The id in a submit_sm_resp (4.4.2); empty when there is none."""
    return body.split(b"\0", 1)[0].decode("latin-1")


def coding_of(name: str) -> int:
    """data_coding of an alphabet that we send in."""
    return 8 if name == alphabet.UCS2 else 0


def _text(value: str) -> bytes:
    return value.encode("latin-1", "replace").replace(b"\0", b"") + b"\0"
