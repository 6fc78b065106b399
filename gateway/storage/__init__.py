"""The record of truth on SQL: one group-commit writer, readers, leases, deliveries, accounts."""
