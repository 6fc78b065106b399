from __future__ import annotations

from tests.contract.storage.conftest import clock, empty_url, opened, url

__all__ = ["clock", "empty_url", "opened", "url"]
