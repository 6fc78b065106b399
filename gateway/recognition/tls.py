"""TLS between recognisers and those who use them: files of the configuration as contexts."""

from __future__ import annotations

import ssl
from pathlib import Path

from gateway.errors import ConfigError


def server_context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """For a recogniser that others reach; ``ConfigError`` says which file is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_certificate(context, cert_file, key_file)
    return context


def load_certificate(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    """Read certificate (with its chain) and key, perhaps anew: connections from now on show them. ``ConfigError``."""
    for path in (cert_file, key_file):
        _readable(path, "[asr_server] cert_file and key_file")
    try:
        context.load_cert_chain(cert_file, key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"[asr_server] {cert_file} and {key_file} are no such pair: {error}"]) from None


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """What ``wss://`` recognisers are verified with: this CA alone, or the machine's; ``ConfigError``."""
    if ca_file is not None:
        _readable(ca_file, "[asr] ca_file")
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"[asr] ca_file {ca_file} holds no certificate: {error}"]) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _readable(path: Path, key: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError([f"{key}: {path} cannot be read: {error.strerror}"]) from None
