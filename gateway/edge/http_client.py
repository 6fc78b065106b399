"""The connections of an HTTP client that is opened on first use and closed once."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp


class HttpClient:
    """One ``aiohttp.ClientSession``, made when first wanted; after ``aclose`` there is never another one.

    Whoever still sends while its channel or feed ends is told so, and opens nothing that nobody would close.
    """

    def __init__(self, make: Callable[[], aiohttp.ClientSession]) -> None:
        """Nothing is opened; ``make`` is called once at most, in the running loop."""
        self._make = make
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def session(self) -> aiohttp.ClientSession:
        """The session, for one request that begins at once. ``aiohttp.ClientConnectionError`` after ``aclose``."""
        if self._closed:
            raise aiohttp.ClientConnectionError("the client is closed")
        if self._session is None:
            self._session = self._make()
        return self._session

    async def aclose(self) -> None:
        """Close it for good. A request under way fails with ``aiohttp.ClientError``; closing twice does nothing."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
