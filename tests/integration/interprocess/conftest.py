from __future__ import annotations

from tests.contract.storage.conftest import postgres, url

__all__ = ["postgres", "url"]
