"""How the files in tests/data/vectors and tests/data/media were made. Run by hand when one has to change.

    .venv/bin/python scripts/make_test_data.py

Written from the providers' field tables and with independent libraries (struct, hmac, cryptography, PyAV), not with the
channels that are held against them: CMPP V2.0 section 7.4 and V3.0.0 section 8.4, SMPP 3.4 section 4.6, Twilio's
"Validating requests", WeChat's "message encryption" and "receiving messages". sms_http_samples.json and the answers in
wechatpy_api_responses are typed from Aliyun's, Tencent's and WeChat's documents. Everything is made up and under the
project's licence. AMR needs a PyAV whose FFmpeg has libopencore-amrnb: the reason why the sounds are files.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import math
import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
ANSWER = 0x80000000

# -- CMPP: "name:format" in the order of the tables; Ns is padded text, Nx octets, *name as many as name says

SUBMIT = (
    "Msg_Id:8x Pk_total:B Pk_number:B Registered_Delivery:B Msg_level:B Service_Id:10s Fee_UserType:B {fee} TP_pId:B "
    "TP_udhi:B Msg_Fmt:B Msg_src:6s FeeType:2s FeeCode:6s ValId_Time:17s At_Time:17s Src_Id:21s DestUsr_tl:B {to} "
    "Msg_Length:B Msg_Content:*Msg_Length {end}"
)
DELIVER = (
    "Msg_Id:8x Dest_Id:21s Service_Id:10s TP_pid:B TP_udhi:B Msg_Fmt:B {source} Registered_Delivery:B Msg_Length:B "
    "Msg_Content:*Msg_Length {end}"
)
QUERY = "Time:8s Query_Type:B Query_Code:10s"
COUNTS = " MT_TLMsg:I MT_Tlusr:I MT_Scs:I MT_WT:I MT_FL:I MO_Scs:I MO_WT:I MO_FL:I"
TABLES: dict[tuple[str, str], tuple[int, str]] = {}
for version, wide, status in (("2.0", 21, "B"), ("3.0", 32, "I")):
    old = version == "2.0"
    end = "Reserve:8s" if old else "LinkID:20s"
    TABLES |= {
        (version, name): (command, table)
        for name, command, table in (
            ("CONNECT", 1, "Source_Addr:6s AuthenticatorSource:16x Version:B Timestamp:I"),
            ("CONNECT_RESP", 1 | ANSWER, f"Status:{status} AuthenticatorISMG:16x Version:B"),
            ("TERMINATE", 2, ""),
            ("TERMINATE_RESP", 2 | ANSWER, ""),
            (
                "SUBMIT",
                4,
                SUBMIT.format(
                    fee=f"Fee_terminal_Id:{wide}s" + ("" if old else " Fee_terminal_type:B"),
                    to=f"Dest_terminal_Id:{wide}s*DestUsr_tl" + ("" if old else " Dest_terminal_type:B"),
                    end=end,
                ),
            ),
            ("SUBMIT_RESP", 4 | ANSWER, f"Msg_Id:8x Result:{status}"),
            (
                "DELIVER",
                5,
                DELIVER.format(
                    source=f"Src_terminal_Id:{wide}s" + ("" if old else " Src_terminal_type:B"),
                    end="Reserved:8s" if old else end,
                ),
            ),
            ("DELIVER_RESP", 5 | ANSWER, f"Msg_Id:8x Result:{status}"),
            ("QUERY", 6, f"{QUERY} Reserve:8s"),
            ("QUERY_RESP", 6 | ANSWER, QUERY + COUNTS),
            ("CANCEL", 7, "Msg_Id:8x"),
            ("CANCEL_RESP", 7 | ANSWER, f"Success_Id:{status}"),
            ("ACTIVE_TEST", 8, ""),
            ("ACTIVE_TEST_RESP", 8 | ANSWER, "Reserved:B"),
        )
    }
    TABLES[version, "REPORT"] = (
        0,
        f"Msg_Id:8x Stat:7s Submit_time:10s Done_time:10s Dest_terminal_Id:{wide}s SMSC_sequence:I",
    )


def packed(table: str, values: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The octets of a table, and every field as it should be read back (octets in hex)."""
    out, fields = b"", {}
    for entry in table.split():
        name, form = entry.split(":")
        form, _, count = form.partition("*")
        if form in {"B", "I"}:
            fields[name] = int(values.get(name, 0))
            out += struct.pack(f">{form}", fields[name])
        elif not form:
            out += values[name]
            fields[name] = values[name].hex()
        elif form.endswith("x"):
            value = values.get(name, b"").ljust(int(form[:-1]), b"\0")
            out += value
            fields[name] = value.hex()
        else:
            many = values[name] if count else [values.get(name, "")]
            out += b"".join(struct.pack(form, one.encode("ascii")) for one in many)
            fields[name] = many if count else many[0]
    return out, fields


def cmpp() -> Iterator[dict[str, Any]]:
    """Every command in both versions, contents of each format, reports, and one that is cut off."""
    sent = bytes.fromhex("bcf5680000010001")  # November 23rd, 10:16:00 in its top bits
    long = "人民大道第三个路口的红绿灯一直不亮，早晚高峰时堵得厉害，请尽快派人来看一看。" * 2
    pieces = [long.encode("utf-16-be")[at : at + 134] for at in range(0, 2 * len(long), 134)]
    number = 0
    for version in ("2.0", "3.0"):
        octet, secret, at = (0x20, 0x30)[version == "3.0"], "secret12", 1123101600
        told = b"901234" + bytes(9) + secret.encode() + f"{at:010}".encode()
        source = hashlib.md5(told, usedforsecurity=False).digest()
        wide = 1 if version == "2.0" else 4
        ismg = hashlib.md5(bytes(wide) + source + secret.encode(), usedforsecurity=False).digest()
        report, _ = packed(
            TABLES[version, "REPORT"][1],
            {
                "Msg_Id": sent, "Stat": "DELIVRD", "Submit_time": "2611231016", "Done_time": "2611231017",
                "Dest_terminal_Id": "13900000001", "SMSC_sequence": 77,
            },
        )  # fmt: skip
        person = {"Dest_Id": "1069012345", "Service_Id": "HOTLINE", "Src_terminal_Id": "13900000001"}

        def deliver(content: bytes, **more: Any) -> dict[str, Any]:
            return person | {"Msg_Id": sent, "Msg_Length": len(content), "Msg_Content": content} | more  # noqa: B023

        def submit(content: bytes, **more: Any) -> dict[str, Any]:
            return {
                "Pk_total": 1, "Pk_number": 1, "Registered_Delivery": 1, "Service_Id": "HOTLINE", "Msg_src": "901234",
                "FeeType": "01", "FeeCode": "000000", "Src_Id": "1069012345", "DestUsr_tl": 1,
                "Dest_terminal_Id": ["13900000001"], "Msg_Length": len(content), "Msg_Content": content,
            } | more  # fmt: skip

        pdus: list[tuple[str, str, dict[str, Any]]] = [
            ("connect", "CONNECT", {
                "Source_Addr": "901234", "AuthenticatorSource": source, "Version": octet, "Timestamp": at,
            }),
            ("connected", "CONNECT_RESP", {"AuthenticatorISMG": ismg, "Version": octet}),
            ("refused", "CONNECT_RESP", {"Status": 3, "Version": octet}),
            ("active-test", "ACTIVE_TEST", {}),
            ("active", "ACTIVE_TEST_RESP", {}),
            ("terminate", "TERMINATE", {}),
            ("terminated", "TERMINATE_RESP", {}),
            ("submit-ascii", "SUBMIT", submit(b"Registered: 20261123-0000001")),
            ("submit-ucs2", "SUBMIT", submit("已登记".encode("utf-16-be"), Msg_Fmt=8)),
            ("submit-to-three", "SUBMIT", submit(
                b"Water is back", DestUsr_tl=3, Dest_terminal_Id=["13900000001", "8613900000002", "13900000003"],
            )),
            ("submitted", "SUBMIT_RESP", {"Msg_Id": sent}),
            ("throttled", "SUBMIT_RESP", {"Msg_Id": bytes(8), "Result": 8}),
            ("deliver-ascii", "DELIVER", deliver(b"The lamp at No. 8 is out.")),
            ("deliver-ucs2", "DELIVER", deliver("路灯不亮😀".encode("utf-16-be"), Msg_Fmt=8)),
            ("deliver-gb18030", "DELIVER", deliver("小区停水".encode("gb18030"), Msg_Fmt=15)),
            ("deliver-of-one-part", "DELIVER", deliver(
                bytes((5, 0, 3, 9, 1, 1)) + "井盖不见了".encode("utf-16-be"), Msg_Fmt=8, TP_udhi=0x40,
            )),
            *((f"deliver-part-{n}", "DELIVER", deliver(
                bytes((5, 0, 3, 8, len(pieces), n)) + piece, Msg_Fmt=8, TP_udhi=1,
            )) for n, piece in enumerate(pieces, start=1)),
            ("deliver-binary", "DELIVER", deliver(bytes(range(40)), Msg_Fmt=4)),
            ("deliver-report", "DELIVER", deliver(report, Registered_Delivery=1)),
            ("delivered", "DELIVER_RESP", {"Msg_Id": sent}),
            ("query", "QUERY", {"Time": "20261123", "Query_Type": 1, "Query_Code": "HOTLINE"}),
            ("counts", "QUERY_RESP", {
                "Time": "20261123", "Query_Type": 1, "Query_Code": "HOTLINE", "MT_TLMsg": 5, "MT_Tlusr": 7,
                "MT_Scs": 6, "MT_WT": 1, "MT_FL": 0, "MO_Scs": 3, "MO_WT": 2, "MO_FL": 1,
            }),
            ("cancel", "CANCEL", {"Msg_Id": sent}),
            ("cancelled", "CANCEL_RESP", {"Success_Id": 1}),
        ]  # fmt: skip
        for name, command, values in pdus:
            number += 1
            code, table = TABLES[version, command]
            body, fields = packed(table, values)
            header = struct.pack(">III", 12 + len(body), code, number)
            item = {"id": f"{name}-{version}", "version": version, "command": f"CMPP_{command}"}
            yield item | {"hex": (header + body).hex(), "fields": fields, "verified": True}
            if name == "deliver-ascii":
                short = body[: len(body) - 12]
                header = struct.pack(">III", 12 + len(short), code, number)
                yield item | {
                    "id": f"cut-off-{version}", "hex": (header + short).hex(), "fields": {}, "verified": False,
                }  # fmt: skip
        body, fields = packed(TABLES[version, "REPORT"][1], {"Msg_Id": sent, "Stat": "UNDELIV", "SMSC_sequence": 1})
        item = {"id": f"report-{version}", "version": version, "command": "STATUS_REPORT_BODY"}
        yield item | {"hex": body.hex(), "fields": fields, "verified": True}


# -- SMPP


def smpp() -> Iterator[dict[str, str]]:
    """deliver_sm: parts backwards, one reference of two people, cut characters, TLVs, codings, a receipt."""
    number = 0

    def deliver(name: str, source: str, content: bytes, *, coding: int = 8, esm: int = 0, tlv: bytes = b"") -> Any:
        nonlocal number
        number += 1
        body = b"\0" + bytes((1, 1)) + source.encode() + b"\0" + bytes((0, 1)) + b"12345\0" + bytes((esm, 0, 0))
        body += b"\0\0" + bytes((0, 0, coding, 0, len(content))) + content + tlv
        return {"id": name, "hex": (struct.pack(">IIII", 16 + len(body), 5, 0, number) + body).hex()}

    one, two, other = "8613800138000", "8613900000001", "8613900000002"
    yield deliver("short", one, "龙华区海秀路路灯坏了".encode("utf-16-be"))
    for n in range(11, 0, -1):
        text = f"<{n}>" + "段" * 20
        yield deliver(f"of-11-{n}", one, bytes((5, 0, 3, 9, 11, n)) + text.encode("utf-16-be"), esm=0x40)
    for n, length in ((1, 67), (2, 2)):
        for person, word in ((two, "甲"), (other, "乙")):
            part = bytes((5, 0, 3, 7, 2, n)) + (word * length).encode("utf-16-be")
            yield deliver(f"same-reference-{person}-{n}", person, part, esm=0x40)
    for n, word in ((1, "前"), (2, "后")):
        udh = bytes((6, 8, 4, 0x12, 0x34, 2, n))
        yield deliver(f"wide-reference-{n}", one, udh + word.encode("utf-16-be"), esm=0x40)
    cut = ("甲" * 66 + "😀乙").encode("utf-16-be")
    for n, part in ((1, cut[:134]), (2, cut[134:])):
        yield deliver(f"cut-character-{n}", one, bytes((5, 0, 3, 6, 2, n)) + part, esm=0x40)
    for n, text in ((1, "分段一"), (2, "分段二")):
        sar = struct.pack(">HHHHHBHHB", 0x020C, 2, 501, 0x020E, 1, 2, 0x020F, 1, n)
        yield deliver(f"sar-{n}", one, text.encode("utf-16-be"), tlv=sar)
    payload = ("负载" * 150).encode("utf-16-be")
    yield deliver("payload", one, b"", tlv=struct.pack(">HH", 0x0424, len(payload)) + payload)
    yield deliver("gb18030", one, "路灯".encode("gb18030"), coding=15)
    yield deliver("default-alphabet", one, b"hello \x00 12345", coding=0)  # 0x00 is @ (GSM 03.38)
    receipt = b"id:M1 sub:001 dlvrd:001 submit date:2611231016 done date:2611231017 stat:DELIVRD err:000 text:"
    yield deliver("receipt", one, receipt, coding=0, esm=4)


# -- Twilio and WeChat


def twilio() -> Iterator[dict[str, Any]]:
    """base64(HMAC-SHA1(token, URL and the sorted parameters))."""
    for name, url, params in (
        (
            "english",
            "https://hotline.example/hooks/sms?line=1",
            {"MessageSid": "SM1", "From": "+15550100", "Body": "Hi"},
        ),
        ("chinese", "https://hotline.example/hooks/sms", {"Body": "路灯不亮😀", "From": "+8613900000001", "Empty": ""}),
    ):
        token = "made-up-token"  # noqa: S105 - of a made-up account
        told = url + "".join(key + params[key] for key in sorted(params))
        mac = hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()
        signed = {"auth_token": token, "url": url, "params": params, "signature": base64.b64encode(mac).decode()}
        yield {"id": name, **signed}


def wechat_crypto() -> Iterator[dict[str, Any]]:
    """AES-256-CBC over 16 chosen octets, the length, the text and the receiver; SHA-1 over the sorted parts."""
    key = base64.b64encode(bytes(range(32))).decode().rstrip("=")
    text = wechat_xml("text", "Content", "龙昆南路积水")
    for name, kind, plain, expected in (
        ("official-account", "decrypt", text, {"expect_contains": ["<Content><![CDATA[龙昆南路积水]]></Content>"]}),
        ("address-check", "echostr", "1234567890123456789", {"expect": "1234567890123456789"}),
        ("short", "encrypt-deterministic", "好", {"plain": "好"}),
        ("one-block", "encrypt-deterministic", "a" * 26, {"plain": "a" * 26}),
    ):
        receiver = "wx0123456789abcdef"
        octets = b"0123456789abcdef" + struct.pack(">I", len(plain.encode())) + (plain + receiver).encode()
        pad = 32 - len(octets) % 32
        secret = base64.b64decode(key + "=")
        cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
        sealed = base64.b64encode(cipher.update(octets + bytes([pad]) * pad) + cipher.finalize()).decode()
        token, timestamp, nonce = "madeuptoken", "1795420800", "20261123"
        told = "".join(sorted((token, timestamp, nonce, sealed))).encode()
        yield {
            "id": name, "kind": kind, "token": token, "encoding_aes_key": key, "receive_id": receiver,
            "timestamp": timestamp, "nonce": nonce,
            "msg_signature": hashlib.sha1(told, usedforsecurity=False).hexdigest(), "encrypt": sealed, **expected,
        }  # fmt: skip


def wechat_xml(kind: str, *pairs: str, message_id: int | None = 23456789012345678) -> str:
    """A message of a person with the fields of its kind."""
    fields = {"ToUserName": "gh_0123456789ab", "FromUserName": "oMadeUpPerson"}
    fields |= {"CreateTime": "1795420800", "MsgType": kind}
    fields |= dict(zip(pairs[::2], pairs[1::2], strict=True))
    if message_id is not None:
        fields["MsgId"] = str(message_id)

    def value(given: str) -> str:
        return given if given.isdigit() else f"<![CDATA[{given}]]>"

    return "<xml>" + "".join(f"<{name}>{value(given)}</{name}>" for name, given in fields.items()) + "</xml>"


def wechat_bodies() -> Iterator[dict[str, str]]:
    """One of each kind of message, and of the events that a hotline's account gets."""
    messages = (
        ("text", "Content", "路灯不亮"),
        ("image", "PicUrl", "https://pictures.example/1.jpg", "MediaId", "media-1"),
        ("voice", "MediaId", "media-2", "Format", "amr"),
        ("voice", "MediaId", "media-3", "Format", "speex", "Recognition", "小区停水"),
        ("video", "MediaId", "media-4", "ThumbMediaId", "thumb-4"),
        ("shortvideo", "MediaId", "media-5", "ThumbMediaId", "thumb-5"),
        ("location", "Location_X", "20.03", "Location_Y", "110.33", "Scale", "15", "Label", "人民大道58号"),
        ("link", "Title", "公告", "Description", "停水通知", "Url", "https://water.example/"),
        ("somethingnew", "Field", "value"),
    )
    for n, message in enumerate(messages):
        yield {"id": f"{message[0]}-{n}", "xml": wechat_xml(*message, message_id=30000000000000000 + n)}
    for event, *pairs in (
        ("subscribe", "EventKey", ""),
        ("subscribe", "EventKey", "qrscene_7", "Ticket", "ticket-7"),
        ("unsubscribe", "EventKey", ""),
        ("SCAN", "EventKey", "7", "Ticket", "ticket-7"),
        ("LOCATION", "Latitude", "20.03", "Longitude", "110.33", "Precision", "65.0"),
        ("CLICK", "EventKey", "report"),
        ("VIEW", "EventKey", "https://hotline.example/"),
        ("TEMPLATESENDJOBFINISH", "MsgID", "200163836", "Status", "success"),
        ("kf_create_session", "KfAccount", "agent@hotline"),
        ("notsure", "EventKey", "x"),
    ):
        yield {"id": f"event-{event}", "xml": wechat_xml("event", "Event", event, *pairs, message_id=None)}


# -- sounds


def tone(container_format: str, codec: str, rate: int) -> bytes:
    """A second of 440 Hz in a real container, coded by a real codec."""
    target = io.BytesIO()
    with av.open(target, mode="w", format=container_format) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.codec_context.layout = "mono"
        samples = [int(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(rate)]
        frame = av.AudioFrame(format="s16", layout="mono", samples=rate)
        frame.planes[0].update(struct.pack(f"<{rate}h", *samples))
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = 0
        context = stream.codec_context
        form, size = context.format.name, context.frame_size or None
        resampler = av.AudioResampler(format=form, layout="mono", rate=rate, frame_size=size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return target.getvalue()


def main() -> None:
    """Write all of them."""
    for name, items in (
        ("cmpp_pdus", list(cmpp())),
        ("smpp_deliver_sm", {"pdus": list(smpp())}),
        ("twilio_signature", list(twilio())),
        ("wx_crypto_vectors", list(wechat_crypto())),
        ("wx_xml_messages", list(wechat_bodies())),
    ):
        text = json.dumps(items, ensure_ascii=False, indent=1) + "\n"
        (DATA / "vectors" / f"{name}.json").write_text(text, encoding="utf-8")
    (DATA / "media" / "tone.amr").write_bytes(tone("amr", "libopencore_amrnb", 8_000))
    (DATA / "media" / "tone.ogg").write_bytes(tone("ogg", "libopus", 48_000))


if __name__ == "__main__":
    main()
