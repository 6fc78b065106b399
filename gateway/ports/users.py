"""People who may use the desk, or their unit's pages."""

from __future__ import annotations

from typing import Any, Protocol


class UserStore(Protocol):
    """Users by name; their passwords are stored hashed.

    What changes one takes ``by``, who does it: given, the audit trail says so in the same transaction.
    """

    async def add(
        self,
        *,
        username: str,
        name: str,
        role: str,
        password_hash: str,
        unit: str | None = None,
        one_time: bool = False,
        by: str | None = None,
        action: str = "user.added",
    ) -> None:
        """Create or replace a user, who is enabled; their sessions, devices and locks end.

        Role ``agent``, ``supervisor``, ``admin``, or ``unit`` with the code of theirs; ``one_time`` asks for a new
        password at login. ``action`` is what the audit trail calls it.
        """
        ...

    async def get(self, username: str) -> dict[str, Any] | None:
        """{username, name, role, unit, password_hash, one_time, disabled} or None."""
        ...

    async def all(self) -> list[dict[str, Any]]:
        """{username, name, role, unit, one_time, disabled} of everybody by username."""
        ...

    async def change_role(
        self, username: str, role: str, *, unit: str | None = None, by: str | None = None
    ) -> str | None:
        """Give a user another role, which their open sessions have at once; the one before, None for no such user.

        A role that they have already, of the same unit, is no change and leaves nothing in the audit trail.
        """
        ...

    async def enable(self, username: str, *, enabled: bool, by: str | None = None) -> bool:
        """Let a user log in, or end their sessions and let them no more; False when there is no such user."""
        ...
