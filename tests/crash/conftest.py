from __future__ import annotations

from tests.support.stores import clock, opened, url
from tests.support.stores import sql_store as store

__all__ = ["clock", "opened", "store", "url"]
