"""Programs that may use the API, and sources that sign their contacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol


class TokenStore(Protocol):
    """Tokens by name, looked up by their sha256.

    What changes one takes ``by``, who does it: given, the audit trail says so in the same transaction.
    """

    async def add(
        self,
        *,
        name: str,
        scopes: list[str],
        token_sha256: str,
        hmac_secret: str | None = None,
        expires_at: datetime | None = None,
        addresses: Sequence[str] = (),
        by: str | None = None,
    ) -> None:
        """An API token; the name is unique, a second one under it replaces the first.

        Without ``expires_at`` it never expires; ``addresses`` are the networks it may be used from, none: from all.
        """
        ...

    async def get(self, token_sha256: str) -> dict[str, Any] | None:
        """{name, scopes, expires_at, addresses} of a token, also of one that has expired."""
        ...

    async def all(self) -> list[dict[str, Any]]:
        """{name, scopes, signs, expires_at, addresses} of every token by name.

        ``signs``: it has a secret to sign contacts with.
        """
        ...

    async def remove(self, name: str, *, by: str | None = None) -> bool:
        """Forget a token and its signing secret; False when there is none of this name."""
        ...

    async def signing_source(self, name: str) -> dict[str, Any] | None:
        """{name, hmac_secret, expires_at, addresses} of a source that may sign contacts, or None."""
        ...
