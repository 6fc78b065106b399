"""SIP phones of our own, as they are handed out."""

from __future__ import annotations

from typing import Protocol


class PhoneStore(Protocol):
    """Telephones by the name that they register as."""

    async def add(self, *, username: str, ha1: dict[str, str], agent: str | None, by: str | None = None) -> None:
        """A SIP phone of our own; ``ha1`` by realm."""
        ...
