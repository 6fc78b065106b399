"""The ``gateway`` command: one module a verb."""
