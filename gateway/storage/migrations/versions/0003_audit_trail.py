"""The audit trail is found by ticket and by person, and nobody alters it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEPT_DAYS = 180
"""Rows younger than this cannot be deleted (network logs are kept for six months)."""


def upgrade() -> None:
    """Indexes, and triggers that refuse what would rewrite history."""
    op.create_index("audit_by_ticket", "audit", ["ticket_id", "audit_id"], unique=False)
    op.create_index("audit_by_actor", "audit", ["actor", "audit_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER audit_unaltered BEFORE UPDATE ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit rows are never altered'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_kept BEFORE DELETE ON audit "
        f"WHEN OLD.at > strftime('%Y-%m-%dT%H\\:%M\\:%fZ', 'now', '-{KEPT_DAYS} days') "
        f"BEGIN SELECT RAISE(ABORT, 'audit rows are kept for {KEPT_DAYS} days'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND OLD.at <= to_char((now() - "
        f"interval '{KEPT_DAYS} days') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24\\:MI\\:SS.MS\"Z\"') THEN RETURN OLD; "
        "END IF; RAISE EXCEPTION 'audit rows are never altered' USING ERRCODE = 'check_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_guard()"
    )


def downgrade() -> None:
    """Take the guard away."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_guard ON audit")
        op.execute("DROP FUNCTION audit_guard()")
    else:
        op.execute("DROP TRIGGER audit_unaltered")
        op.execute("DROP TRIGGER audit_kept")
    op.drop_index("audit_by_actor", table_name="audit")
    op.drop_index("audit_by_ticket", table_name="audit")
