from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.cmpp import pdu
from channels.sms.link import MalformedPdu
from tests.support.data import each

pytestmark = pytest.mark.unit


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}


@pytest.mark.parametrize("vectors", each("vectors/cmpp_pdus.json"))
def test_every_golden_pdu_decodes_to_its_fields_and_back_to_its_bytes(vectors: Path) -> None:
    items = json.loads(vectors.read_text(encoding="utf-8"))
    checked = 0
    for item in items:
        data, version = bytes.fromhex(item["hex"]), item["version"]
        if item["command"] == "STATUS_REPORT_BODY":
            fields = pdu.report(data)
            assert plain(fields) == item["fields"], item["id"]
            assert pdu.encode_report(fields, version) == data, item["id"]
            checked += 1
            continue
        if not item["verified"]:
            with pytest.raises(MalformedPdu):
                pdu.decode(int.from_bytes(data[4:8], "big"), data[12:], version)
            continue
        command = int.from_bytes(data[4:8], "big")
        fields = pdu.decode(command, data[12:], version)
        wanted = {k: v for k, v in item["fields"].items() if k not in {"Total_Length", "Command_Id", "Sequence_Id"}}
        assert plain(fields) == {k: wanted[k] for k in fields}, item["id"]
        assert not {k for k in wanted if k[0].isupper()} - set(fields) - {"report"}, item["id"]
        assert pdu.encode(command, fields, version) == data[12:], item["id"]
        checked += 1
    assert checked == sum(item["verified"] for item in items) > 50


def test_authenticators_of_the_texts() -> None:
    ours = pdu.source_authenticator("900001", "888888", 1021080510)
    assert ours.hex() == "90d00c1d517abd0b4f65f6bcf8535d16"
    assert pdu.ismg_authenticator(0, ours, "888888", "2.0").hex() == "6c0b846e25bab6daa4ed1c466e0f4bd8"
    assert pdu.ismg_authenticator(0, ours, "888888", "3.0").hex() == "7942977274098cf210ab0c16c367bc8d"
    assert pdu.source_authenticator("900001", "x", 121080510) == pdu.source_authenticator("900001", "x", 121080510)


def test_message_ids_get_the_nearest_year() -> None:
    december = bytes.fromhex("cfc5530000010000")
    assert pdu.lasting_id(december, datetime(2027, 1, 1, tzinfo=UTC)) == "2026-cfc5530000010000"
    assert pdu.lasting_id(december, datetime(2026, 12, 31, tzinfo=UTC)) == "2026-cfc5530000010000"
    assert pdu.lasting_id(bytes(8), datetime(2027, 1, 1, tzinfo=UTC)) is None
    assert pdu.lasting_id(b"\xff" * 8, datetime(2027, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize("version", ["2.0", "3.0"])
@given(data=st.binary(max_size=200))
def test_any_octets_decode_or_are_malformed(version: str, data: bytes) -> None:
    for command in pdu.TABLES:
        try:
            fields = pdu.decode(command, data, version)
        except MalformedPdu:
            continue
        assert pdu.decode(command, pdu.encode(command, fields, version), version) == fields


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Source_Addr may have 6"):
        pdu.encode(pdu.CONNECT, {"Source_Addr": "1234567"}, "2.0")
    with pytest.raises(MalformedPdu, match="unknown command"):
        pdu.decode(0x03, b"", "2.0")
