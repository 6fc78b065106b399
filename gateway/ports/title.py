"""Who may write a ticket's title in the template's place."""

from __future__ import annotations

from typing import Protocol


class TitleWriter(Protocol):
    """A language model on the city's own network."""

    async def write(self, content: str) -> str:
        """A title for ``content``, which holds nothing personal any more; unchecked.

        Raises ``TitleUnavailable``: no answer in time, or none that can be used.
        """
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
