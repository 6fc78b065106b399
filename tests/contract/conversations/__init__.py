"""What conversations promise, on SQLite and on PostgreSQL alike."""
