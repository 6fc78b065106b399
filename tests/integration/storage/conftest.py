from __future__ import annotations

from tests.contract.storage.conftest import clock, opened, postgres, url

__all__ = ["clock", "opened", "postgres", "url"]
