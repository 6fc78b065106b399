"""Every store that keeps the contract."""

from __future__ import annotations

from tests.support.stores import clock, db, opened, store, url

__all__ = ["clock", "db", "opened", "store", "url"]
