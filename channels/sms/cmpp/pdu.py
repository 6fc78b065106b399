"""CMPP 2.0 and 3.0 bodies by their field tables (CMPP V2.0 7.4, V3.0.0 8.4), authentication and message ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.sms.link import MalformedPdu

CONNECT, TERMINATE, SUBMIT, DELIVER = 0x01, 0x02, 0x04, 0x05
QUERY, CANCEL, ACTIVE_TEST, FWD = 0x06, 0x07, 0x08, 0x09
ANSWER = 0x80000000
V2, V3 = "2.0", "3.0"
VERSION_OCTET = {V2: 0x20, V3: 0x30}


@dataclass(frozen=True, slots=True)
class Field:
    """``kind``: int, text (zero-padded) or octets; ``content`` and ``numbers`` are as many as ``counted_by`` says."""

    name: str
    kind: str
    v2: int
    v3: int
    counted_by: str = ""

    def width(self, version: str) -> int:
        """Octets (of each, for ``numbers``); 0: not in this version."""
        return self.v2 if version == V2 else self.v3


def _int(name: str, v2: int = 1, v3: int | None = None) -> Field:
    return Field(name, "int", v2, v2 if v3 is None else v3)


def _text(name: str, v2: int, v3: int | None = None) -> Field:
    return Field(name, "text", v2, v2 if v3 is None else v3)


def _octets(name: str, width: int) -> Field:
    return Field(name, "octets", width, width)


_CONTENT = (_int("Msg_Length"), Field("Msg_Content", "content", 1, 1, "Msg_Length"))
_NUMBERS = _int("DestUsr_tl")
_PARTS = (_octets("Msg_Id", 8), _int("Pk_total"), _int("Pk_number"))
_QUERIED = (_text("Time", 8), _int("Query_Type"), _text("Query_Code", 10))
_COUNTS = ("MT_TLMsg", "MT_Tlusr", "MT_Scs", "MT_WT", "MT_FL", "MO_Scs", "MO_WT", "MO_FL")

TABLES: Mapping[int, tuple[Field, ...]] = {
    CONNECT: (_text("Source_Addr", 6), _octets("AuthenticatorSource", 16), _int("Version"), _int("Timestamp", 4)),
    CONNECT | ANSWER: (_int("Status", 1, 4), _octets("AuthenticatorISMG", 16), _int("Version")),
    TERMINATE: (),
    TERMINATE | ANSWER: (),
    ACTIVE_TEST: (),
    ACTIVE_TEST | ANSWER: (_int("Reserved"),),
    SUBMIT: (
        *_PARTS,
        _int("Registered_Delivery"),
        _int("Msg_level"),
        _text("Service_Id", 10),
        _int("Fee_UserType"),
        _text("Fee_terminal_Id", 21, 32),
        _int("Fee_terminal_type", 0, 1),
        _int("TP_pId"),
        _int("TP_udhi"),
        _int("Msg_Fmt"),
        _text("Msg_src", 6),
        _text("FeeType", 2),
        _text("FeeCode", 6),
        _text("ValId_Time", 17),
        _text("At_Time", 17),
        _text("Src_Id", 21),
        _NUMBERS,
        Field("Dest_terminal_Id", "numbers", 21, 32, "DestUsr_tl"),
        _int("Dest_terminal_type", 0, 1),
        *_CONTENT,
        _text("Reserve", 8, 0),
        _text("LinkID", 0, 20),
    ),
    SUBMIT | ANSWER: (_octets("Msg_Id", 8), _int("Result", 1, 4)),
    DELIVER: (
        _octets("Msg_Id", 8),
        _text("Dest_Id", 21),
        _text("Service_Id", 10),
        _int("TP_pid"),
        _int("TP_udhi"),
        _int("Msg_Fmt"),
        _text("Src_terminal_Id", 21, 32),
        _int("Src_terminal_type", 0, 1),
        _int("Registered_Delivery"),
        *_CONTENT,
        _text("Reserved", 8, 0),
        _text("LinkID", 0, 20),
    ),
    DELIVER | ANSWER: (_octets("Msg_Id", 8), _int("Result", 1, 4)),
    QUERY: (*_QUERIED, _text("Reserve", 8)),
    QUERY | ANSWER: (*_QUERIED, *(_int(name, 4) for name in _COUNTS)),
    CANCEL: (_octets("Msg_Id", 8),),
    CANCEL | ANSWER: (_int("Success_Id", 1, 4),),
    FWD: (
        _text("Source_Id", 6),
        _text("Destination_Id", 6),
        _int("NodesCount"),
        _int("Msg_Fwd_Type"),
        *_PARTS,
        _int("Registered_Delivery"),
        _int("Msg_level"),
        _text("Service_Id", 10),
        _int("Fee_UserType"),
        _text("Fee_terminal_Id", 21),
        _text("Fee_terminal_Pseudo", 0, 32),
        _int("Fee_terminal_UserType", 0, 1),
        _int("TP_pid"),
        _int("TP_udhi"),
        _int("Msg_Fmt"),
        _text("Msg_src", 6),
        _text("FeeType", 2),
        _text("FeeCode", 6),
        _text("Valid_Time", 17),
        _text("At_Time", 17),
        _text("Src_Id", 21),
        _text("Src_Pseudo", 0, 32),
        _int("Src_UserType", 0, 1),
        _int("Src_type", 0, 1),
        _NUMBERS,
        Field("Dest_Id", "numbers", 21, 21, "DestUsr_tl"),
        _text("Dest_Pseudo", 0, 32),
        _int("Dest_UserType", 0, 1),
        *_CONTENT,
        _text("Reserve", 8, 0),
        _text("LinkID", 0, 20),
    ),
    FWD | ANSWER: (*_PARTS, _int("Result", 1, 4)),
}
_REPORT = (
    _octets("Msg_Id", 8),
    _text("Stat", 7),
    _text("Submit_time", 10),
    _text("Done_time", 10),
    _text("Dest_terminal_Id", 21, 32),
    _int("SMSC_sequence", 4),
)
_REPORT_V2 = 60


def decode(command: int, body: bytes, version: str) -> dict[str, Any]:
    """The fields of a body; ``MalformedPdu`` when it is shorter than its table says or the command is unknown."""
    table = TABLES.get(command)
    if table is None:
        raise MalformedPdu(f"unknown command {command:#x}")
    return _decode(table, body, version)


def encode(command: int, fields: Mapping[str, Any], version: str) -> bytes:
    """The body of these fields; absent ones are zero. ``ValueError`` when a text is longer than its field."""
    return _encode(TABLES[command], fields, version)


def report(content: bytes) -> dict[str, Any]:
    """A status report's content; its length, not the connection's version, says which layout it has."""
    return _decode(_REPORT, content, V2 if len(content) <= _REPORT_V2 else V3)


def encode_report(fields: Mapping[str, Any], version: str) -> bytes:
    """The opposite of ``report``."""
    return _encode(_REPORT, fields, version)


def _decode(table: tuple[Field, ...], body: bytes, version: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    for field in table:
        width = field.width(version)
        if not width:
            continue
        count = found[field.counted_by] if field.counted_by else 1
        value = body[at : at + width * count]
        at += width * count
        if len(value) < width * count:
            raise MalformedPdu(f"{field.name} is cut off")
        if field.kind == "int":
            found[field.name] = int.from_bytes(value, "big")
        elif field.kind == "text":
            found[field.name] = _unpad(value)
        elif field.kind == "numbers":
            found[field.name] = [_unpad(value[n * width : (n + 1) * width]) for n in range(count)]
        else:
            found[field.name] = value
    return found


def _encode(table: tuple[Field, ...], fields: Mapping[str, Any], version: str) -> bytes:
    out = []
    for field in table:
        width = field.width(version)
        if not width:
            continue
        if field.kind == "int":
            out.append(int(fields.get(field.name, 0)).to_bytes(width, "big"))
        elif field.kind == "text":
            out.append(_pad(field.name, str(fields.get(field.name, "")), width))
        elif field.kind == "numbers":
            out += [_pad(field.name, number, width) for number in fields[field.name]]
        elif field.kind == "content":
            out.append(bytes(fields[field.name]))
        else:
            out.append(bytes(fields.get(field.name, b"")).ljust(width, b"\0"))
    return b"".join(out)


def _unpad(value: bytes) -> str:
    """A fixed string may fill its field without a closing zero."""
    return value.split(b"\0", 1)[0].decode("latin-1")


def _pad(name: str, value: str, width: int) -> bytes:
    octets = value.encode("latin-1", "replace")
    if len(octets) > width:
        raise ValueError(f"{name} may have {width} octets")
    return octets.ljust(width, b"\0")


def source_authenticator(source: str, secret: str, timestamp: int) -> bytes:
    """AuthenticatorSource; ``timestamp`` MMDDHHMMSS goes in as ten digits."""
    told = source.encode("latin-1") + bytes(9) + secret.encode() + f"{timestamp:010}".encode()
    return hashlib.md5(told, usedforsecurity=False).digest()


def ismg_authenticator(status: int, source_authenticator: bytes, secret: str, version: str) -> bytes:
    """AuthenticatorISMG; the status goes in as it is on the wire."""
    told = status.to_bytes(1 if version == V2 else 4, "big") + source_authenticator + secret.encode()
    return hashlib.md5(told, usedforsecurity=False).digest()


def lasting_id(msg_id: bytes, now: datetime) -> str | None:
    """A Msg_Id with the year it lacks, so that it names one message for ever; None when it holds no date.

    Its top bits are month, day, hour, minute and second at the gateway.
    """
    value = int.from_bytes(msg_id, "big")
    month, day = value >> 60, value >> 55 & 0x1F
    hour, minute, second = value >> 50 & 0x1F, value >> 44 & 0x3F, value >> 38 & 0x3F
    nearest: datetime | None = None
    for year in (now.year - 1, now.year, now.year + 1):
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=now.tzinfo)
        except ValueError:
            continue
        if nearest is None or abs(at - now) < abs(nearest - now):
            nearest = at
    return None if nearest is None else f"{nearest.year}-{msg_id.hex()}"
