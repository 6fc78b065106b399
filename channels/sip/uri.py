"""SIP URIs, addresses and Via values, read strictly (RFC 3261 §19.1, §20.10, §20.42); raw text is never rewritten."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

_SIP_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@<>\s]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?"
    r"(?P<params>(?:;[^?;<>\s]*)*)(?:\?(?P<headers>\S*))?",
    re.IGNORECASE | re.ASCII,
)
_VIA = re.compile(
    r"SIP\s*/\s*[0-9]+\.[0-9]+\s*/\s*(?P<transport>[A-Za-z0-9-]+)\s+(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(?:\s*:\s*(?P<port>\d{1,5}))?\s*(?P<params>;.*)?",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_RPORT = re.compile(r";\s*rport\s*(?==|;|$)(?:=\s*\d*)?", re.IGNORECASE)
_RECEIVED = re.compile(r";\s*received\s*=[^;]*", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.?)*("|\Z)', re.DOTALL)
"""Matches at every quote it begins at, so that reading is linear; the group is empty when no quote ends the string."""
_BRACKETED = re.compile(r"<[^<>]*>")
_STRAY = re.compile(r";\s*[;,]")
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,]+)", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
MAX_PORT = 65535
DEFAULT_PORT = 5060


@dataclass(frozen=True, slots=True)
class Uri:
    """A sip or sips URI; ``host`` has no brackets, ``port`` is None when not written."""

    scheme: str
    user: str | None
    host: str
    port: int | None
    params: dict[str, str] = field(default_factory=dict)

    @property
    def transport(self) -> str:
        """``tcp`` or ``udp``."""
        return "tcp" if self.params.get("transport", "").lower() == "tcp" else "udp"

    @property
    def loose(self) -> bool:
        """Whether this Route asks for loose routing."""
        return "lr" in self.params


@dataclass(frozen=True, slots=True)
class Via:
    """The topmost Via; ``sent_by`` compares as RFC 3261 §17.2.3 wants."""

    transport: str
    host: str
    port: int | None
    branch: str
    rport: bool

    @property
    def sent_by(self) -> str:
        """Lower-case host and port."""
        return f"{self.host}:{self.port or DEFAULT_PORT}"


def scheme_of(uri: str) -> str:
    """The scheme of any URI in lower case; empty when there is none."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else ""


def parse_uri(text: str) -> Uri | None:
    """A sip/sips URI, or None for anything else."""
    match = _SIP_URI.fullmatch(text.strip())
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= MAX_PORT:
        return None
    return Uri(match["scheme"].lower(), match["user"], match["host"].strip("[]").lower(), port, params(match["params"]))


def params(text: str) -> dict[str, str]:
    """``;name=value`` parameters; a name without a value has an empty one, the first of two wins."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found


def uri_of(address: str) -> str:
    """The URI inside a name-addr or addr-spec, as written; quoted display names may hold anything."""
    plain = unquoted(address)
    start = plain.find("<")
    if start >= 0:
        end = plain.find(">", start)
        return address[start + 1 : end].strip() if end > 0 else ""
    return address[: _addr_spec_end(plain)].strip()


def address_params(address: str) -> dict[str, str]:
    """The parameters after the URI (RFC 3261 §20.10: without angle brackets all belong to the header)."""
    return params(_after_uri(address))


def tag_of(address: str) -> str:
    """The tag of a From or To value; empty when there is none."""
    match = _TAG.search(_after_uri(address))
    return match[1] if match else ""


def user_of(address: str) -> str:
    """The user part of sip/sips, the number of tel, as sent; parameters and password are cut, empty when unknown."""
    uri = uri_of(address)
    scheme, rest = scheme_of(uri), uri.partition(":")[2]
    if scheme in {"sip", "sips"}:
        before_host, at, _ = rest.rpartition("@")
        return before_host.partition(";")[0].partition(":")[0] if at else ""
    if scheme == "tel":
        return rest.partition(";")[0]
    return ""


def parse_via(text: str) -> Via | None:
    """A Via value, or None when it cannot be answered."""
    match = _VIA.fullmatch(text.strip())
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= MAX_PORT:
        return None
    found = params(match["params"] or "")
    host = match["host"].strip("[]").lower()
    return Via(match["transport"].upper(), host, port, found.get("branch", ""), "rport" in found)


def via_with_source(text: str, via: Via, host: str, port: int) -> str:
    """The Via value for our response: ``received`` and ``rport`` filled in (RFC 3261 §18.2.1, RFC 3581 §4)."""
    text = _RECEIVED.sub("", text)
    if via.rport:
        text = _RPORT.sub("", text) + f";rport={port}"
    if via.rport or via.host != host:
        text += f";received={host}"
    return text


def unquoted(text: str) -> str:
    """``text`` with quoted strings crossed out, positions kept; one that does not end stays."""
    return _QUOTED.sub(lambda found: _filled(found) if found[1] else found[0], text) if '"' in text else text


def split_list(text: str) -> list[str]:
    """The values of a header that lists addresses, without empty ones (RFC 3261 §7.3.1)."""
    plain = _BRACKETED.sub(_filled, unquoted(text))
    ends = [*(at for at, character in enumerate(plain) if character == ","), len(text)]
    values = [text[start + 1 : end].strip() for start, end in zip([-1, *ends], ends, strict=False)]
    return [value for value in values if value]


def quotes_balance(text: str) -> bool:
    """Whether every quoted string ends."""
    return '"' not in unquoted(text)


def has_stray_separators(text: str) -> bool:
    """Whether an address or Via is empty, begins with a separator, or has two in a row. One at the end is borne."""
    text = unquoted(text)
    return not text or text[0] == ";" or _STRAY.search(_after_uri(text)) is not None


def is_ip(host: str) -> bool:
    """Whether ``host`` is an IP literal; names are never resolved."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def bracketed(host: str) -> str:
    """``host`` as URIs write it."""
    return f"[{host}]" if ":" in host else host


def _filled(found: re.Match[str]) -> str:
    return "x" * len(found[0])


def _after_uri(address: str) -> str:
    plain = unquoted(address)
    end = plain.find(">")
    if end >= 0:
        return address[end + 1 :]
    return address[_addr_spec_end(plain) :]


def _addr_spec_end(plain: str) -> int:
    """Where a URI without angle brackets ends; its user part may hold semicolons all the same."""
    end = plain.find(";", max(plain.find("@"), 0))
    return end if end >= 0 else len(plain)
