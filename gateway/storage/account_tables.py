"""The SQL schema of people and programs: users, their sessions and attempts, API tokens (conventions: ``tables``)."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage.tables import Json, metadata

users = sa.Table(
    "users",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("one_time", sa.Boolean, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("unit", sa.Text),
)
"""People; ``unit``: of which unit somebody of the role ``unit`` is."""

login_attempts = sa.Table(
    "login_attempts",
    metadata,
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("username_sha256", sa.Text),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("locked_until", sa.Text),
    sa.Index("login_attempts_by_since", "since"),
    sa.Index("login_attempts_by_user", "username_sha256"),
    sqlite_with_rowid=False,
)
"""Who failed to log in how often; ``bucket`` is a digest, so neither names nor addresses stand here."""

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("device_sha256", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("seen_at", sa.Text, nullable=False),
    sa.Index("devices_by_user", "username"),
    sqlite_with_rowid=False,
)
"""Browsers from which a user has logged in before; their guesses count apart from those of strangers."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("seen_at", sa.Text),
    sa.Index("sessions_by_user", "username"),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("token_sha256", sa.Text, nullable=False),
    sa.Column("hmac_secret", sa.Text),
    sa.Column("expires_at", sa.Text),
    sa.Column("addresses", Json),
    sa.Index("tokens_by_hash", "token_sha256", unique=True),
)
