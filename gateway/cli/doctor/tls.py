"""Checks of certificates: those configured, and the one that the public address shows."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.cli.doctor.check import LOADING_S, Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.telemetry.alarms import BY_NAME

ANSWER_S = 3.0
RENEW = "renew it, then SIGHUP (systemctl reload) whoever serves it"


@check("tls.certificate", loads=("cryptography.x509",))
def certificates(machine: Machine) -> Iterator[Finding]:
    """Every file of certificates that the configuration names: readable, not at its end, and its key's."""
    tables = {"": machine.settings.model_dump(exclude={"channel", "feed"})}
    tables |= {f"channel[{channel_id}]": options.model_dump() for channel_id, _, options in machine.channels()}
    for where, table in tables.items():
        for place, path, siblings in _files(where, table):
            yield from _certificate(place, path, siblings)


@check("tls.public", within_s=ANSWER_S + LOADING_S)
async def public(machine: Machine) -> AsyncIterator[Finding]:
    """What stands before us, as a browser sees it: its chain, its name, its end."""
    parts = urlsplit(machine.settings.http.public_url)
    if parts.scheme != "https" or not parts.hostname:
        return
    name, where = "tls.public", f"{parts.hostname}:{parts.port or 443}"
    try:
        async with asyncio.timeout(ANSWER_S):
            context = await asyncio.to_thread(ssl.create_default_context)
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
            found = writer.get_extra_info("peercert")
            writer.close()
    except ssl.SSLCertVerificationError as error:
        yield fail(name, f"{where}: browsers refuse its certificate: {error.verify_message}", RENEW)
    except (OSError, TimeoutError) as error:
        told = f"{where} cannot be reached from here ({str(error) or type(error).__name__})"
        yield warn(name, told, "is the TLS proxy running? From outside it may be reached all the same (NAT)")
    else:
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)
        yield _until(name, f"{where}: the certificate holds", ends)


def _files(where: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """Keys that name a file of certificates: ``…cert…`` or ``…ca_file``, wherever they stand."""
    for key, value in table.items():
        place = f"{where}.{key}" if where else key
        if isinstance(value, Mapping):
            yield from _files(place, value)
        elif value and isinstance(value, str | Path) and ("cert" in key or key.endswith(("ca_file", "_ca"))):
            yield place, Path(value), table


def _certificate(place: str, path: Path, table: Mapping[str, Any]) -> Iterator[Finding]:
    from cryptography import x509  # noqa: PLC0415 - only where a certificate is named

    name = "tls.certificate"
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        yield fail(name, f"{place}: {path} holds no certificate: {error}", "name a PEM file that the service may read")
        return
    yield min((_until(name, f"{place}: {path}", one.not_valid_after_utc) for one in found), key=_order)
    own = place.rpartition(".")[2]
    key = next(
        (table[other] for other in (own.replace("cert", "key"), "tls_key_file") if other != own and table.get(other)),
        None,
    )
    if key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, key)
        except (OSError, ssl.SSLError) as error:
            yield fail(name, f"{place}: {key} is not the key of {path}: {error}", "name the pair that belongs together")


def _order(line: Finding) -> int:
    return ("fail", "warn", "ok").index(line.status)


def _until(name: str, told: str, ends: datetime) -> Finding:
    """In the words of the alarms of certificates, and from the same day on."""
    days = (ends - datetime.now(UTC)).total_seconds() / 86_400
    said = f"{told}, until {ends:%Y-%m-%d}"
    alarm = next(
        (one for one in (BY_NAME["certificate_ends"], BY_NAME["certificate_expires"]) if one.rings(days)), None
    )
    if alarm is None:
        return ok(name, said)
    tell = fail if days <= 0 else warn
    return tell(name, f"{said}: {alarm.zh} · {alarm.en}", RENEW)
