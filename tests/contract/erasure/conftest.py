from __future__ import annotations

from tests.contract.storage.conftest import clock, db, empty_url, opened, postgres, url

__all__ = ["clock", "db", "empty_url", "opened", "postgres", "url"]
