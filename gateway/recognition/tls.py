"""TLS between recognisers and those who use them: files of the configuration as contexts."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from gateway.errors import ConfigError


class Certificate:
    """A recogniser's certificate, and how long it is valid."""

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        """Both are PEM files, ``cert_file`` with its chain. ``ConfigError`` says which one is wrong."""
        self.cert_file = cert_file
        self._key_file = key_file
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load()

    def load(self) -> None:
        """Read the files, perhaps anew: connections from now on show what they hold. ``ConfigError``."""
        for path in (self.cert_file, self._key_file):
            _readable(path, "[asr_server] cert_file and key_file")
        try:
            self.context.load_cert_chain(self.cert_file, self._key_file)
            self.expires_at = _first_end(self.cert_file)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            problem = f"[asr_server] {self.cert_file} and {self._key_file} are no such pair: {error}"
            raise ConfigError([problem]) from None

    def days_left(self) -> float:
        """For how long what is shown still holds; below 0 when it has ended."""
        return (self.expires_at - datetime.now(UTC)).total_seconds() / 86_400


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


def _first_end(cert_file: Path) -> datetime:
    """When the first certificate of a chain ends: from then on nobody trusts it."""
    from cryptography import x509  # noqa: PLC0415 - only where TLS is configured

    return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(cert_file.read_bytes()))


def _readable(path: Path, key: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigError([f"{key}: {path} cannot be read: {error.strerror}"]) from None
