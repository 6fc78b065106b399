from __future__ import annotations

from tests.support.stores import sql_store as store
from tests.support.stores import url

__all__ = ["store", "url"]
