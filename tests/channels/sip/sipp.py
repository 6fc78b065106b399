"""Scenarios for SIPp, written down as steps; SIPp is the judge: it fails at the first message it did not expect."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from xml.sax.saxutils import quoteattr

SIPP = shutil.which("sipp")
MISSING = "SIPp is not installed (apt-get install sip-tester)"

SDP = """v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP {formats}
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a={direction}
"""


def sdp(direction: str = "sendrecv", formats: str = "8 101") -> str:
    return SDP.format(direction=direction, formats=formats)


def send(
    method: str,
    cseq: int,
    body: str = "",
    *headers: str,
    branch: str = "",
    tag: str = "[peer_tag_param]",
    uri: str = "sip:12345@[remote_ip]:[remote_port]",
    content_type: str = "application/sdp",
    user: str = "12345",
    auth: str = "",
) -> str:
    """A request; ``branch`` names the transaction it belongs to (default: one of its own)."""
    name = branch or f"{method}{cseq}"
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{name}",
        "From: <sip:8001@[local_ip]:[local_port]>;tag=[pid]t[call_number]",
        f"To: <sip:{user}@[remote_ip]:[remote_port]>{tag}",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:8001@[local_ip]:[local_port];transport=[transport]>",
        "Max-Forwards: 70",
        *headers,
    ]
    if auth:
        lines.append(f"[authentication {auth}]")
    if body:
        lines.append(f"Content-Type: {content_type}")
    lines.append("Content-Length: [len]")
    return "<send><![CDATA[\n" + "\n".join(lines) + "\n\n" + body + "\n]]></send>"


def invite(body: str | None = None, *headers: str, cseq: int = 1, tag: str = "", **kw: str) -> str:
    return send("INVITE", cseq, sdp() if body is None else body, *headers, tag=tag, **kw)


def ack(cseq: int = 1, body: str = "", *, refused: bool = False) -> str:
    return send("ACK", cseq, body, branch=f"INVITE{cseq}" if refused else "")


def reply(status: int, *headers: str, body: str = "") -> str:
    """Answer the gateway's last request."""
    lines = [f"SIP/2.0 {status} X", "[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
    lines += ["Contact: <sip:8001@[local_ip]:[local_port]>", *headers]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append("Content-Length: [len]")
    return "<send><![CDATA[\n" + "\n".join(lines) + "\n\n" + body + "\n]]></send>"


def recv(status: int, *checks: str, optional: bool = False, auth: bool = False) -> str:
    """Expect a response; each check is a pattern its text must match."""
    flags = (' optional="true"' if optional else "") + (' auth="true"' if auth else "")
    return f'<recv response="{status}"{flags}>{_actions(checks)}</recv>'


def recv_request(method: str, *checks: str) -> str:
    return f'<recv request="{method}">{_actions(checks)}</recv>'


def _actions(checks: tuple[str, ...]) -> str:
    if not checks:
        return ""
    actions = "".join(
        f'<ereg regexp={quoteattr(check)} search_in="msg" check_it="true" assign_to="{n}"/>'
        for n, check in enumerate(checks, 1)
    )
    return f"<action>{actions}</action>"


def pause(ms: int) -> str:
    return f'<pause milliseconds="{ms}"/>'


def through(*checks: str, body: str | None = None, headers: tuple[str, ...] = ()) -> list[str]:
    """INVITE, provisional answers, 200, ACK."""
    return [invite(body, *headers), recv(100), recv(180), recv(200, *checks), ack()]


def bye(cseq: int = 9) -> list[str]:
    return [send("BYE", cseq), recv(200)]


async def run(folder: Path, port: int, steps: list[str], *, calls: int = 1, rate: int = 10, tcp: bool = False) -> None:
    """Run a scenario; ``AssertionError`` with SIPp's own words when a call of it failed."""
    path = folder / "scenario.xml"
    # SIPp refuses a variable that nothing refers to.
    names = {str(n) for n in range(1, 10) if any(f'assign_to="{n}"' in step for step in steps)}
    keep = f'<Reference variables="{",".join(sorted(names))}"/>' if names else ""
    text = "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="own">', *steps, keep, "</scenario>", ""]
    )
    path.write_text(text)
    assert SIPP is not None
    process = await asyncio.create_subprocess_exec(
        SIPP, f"127.0.0.1:{port}", "-sf", path.name, "-m", str(calls), "-r", str(rate), "-i", "127.0.0.1",
        "-t", "t1" if tcp else "u1", "-nostdin", "-timeout", "30", "-timeout_error", "-recv_timeout", "10000",
        "-trace_err", "-error_file", "errors.log",
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    errors = folder / "errors.log"
    said = errors.read_text(errors="replace") if errors.exists() else ""
    assert process.returncode == 0, said + output.decode("utf-8", "replace")[-1500:]
