"""``gateway check``: warnings about the API tokens in the database, which is only read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gateway.errors import ConfigError, GatewayError
from gateway.settings import Settings

SOON = timedelta(days=30)


def token_warnings(settings: Settings) -> list[str]:
    """Tokens that never expire, have expired, or will within a month."""
    from gateway.storage.database import stored_tokens  # noqa: PLC0415 - only a check looks into it

    try:
        tokens = asyncio.run(stored_tokens(settings.database_url, data_dir=settings.data_dir))
    except ConfigError:
        return []  # a problem of its own
    except GatewayError as error:
        return [f"the API tokens could not be looked at: {error}"]
    return token_problems([(token["name"], token["expires_at"]) for token in tokens], datetime.now(UTC))


def token_problems(tokens: Iterable[tuple[str, datetime | None]], now: datetime) -> list[str]:
    """The same of tokens that were read already: names and ends (None: never)."""
    found = []
    for name, expires in tokens:
        if expires is None:
            found.append(f"token {name!r} never expires; replace it: gateway tokens create --name {name} --scope …")
        elif expires <= now:
            found.append(f"token {name!r} expired at {expires:%Y-%m-%d}; revoke or replace it")
        elif expires <= now + SOON:
            found.append(f"token {name!r} expires at {expires:%Y-%m-%d}; replace it before")
    return found
