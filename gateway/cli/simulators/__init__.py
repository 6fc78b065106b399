"""Providers' sides of the written channels, for ``gateway simulate``: one module a kind."""
