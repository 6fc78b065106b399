"""Users by name."""

from __future__ import annotations

import pwd


def user(uid: int) -> str:
    """The user's name, or its number where it has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
