from __future__ import annotations

from tests.support.stores import clock, empty_url, opened, url
from tests.support.stores import sql_store as store

__all__ = ["clock", "empty_url", "opened", "store", "url"]
