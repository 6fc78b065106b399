"""Passwords of telephones that every scanner tries first."""

from __future__ import annotations

import hashlib
import hmac

_TRIED_FIRST = (
    "", "0", "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890",
    "0000", "1111", "2222", "3333", "4444", "5555", "6666", "7777", "8888", "9999", "000000", "111111", "666666",
    "888888", "4321", "654321", "87654321", "1122", "112233", "123123", "abc123", "admin", "password", "passwd",
    "pass", "phone", "secret", "sip", "test", "user", "voip", "asterisk", "qwerty",
)  # fmt: skip


def is_weak(username: str, realm: str, ha1: str) -> bool:
    """Whether the password behind ``ha1`` (RFC 2617 3.2.2.2) is one of the first that anybody tries.

    How long a stored password was cannot be told; that is checked when it is chosen.
    """
    own = (username, username[::-1], username * 2, f"{username}{username[::-1]}", realm, f"{realm}{username}")
    return any(hmac.compare_digest(_ha1(username, realm, guess), ha1.lower()) for guess in (*_TRIED_FIRST, *own))


def _ha1(username: str, realm: str, password: str) -> str:
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()
