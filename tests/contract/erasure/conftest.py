"""Erasure looks into tables and files: it runs on databases alone."""

from tests.support.stores import sql_store as store

__all__ = ["store"]
