"""What the record of truth promises, on SQLite and on PostgreSQL alike."""
