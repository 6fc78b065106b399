"""HTTP: the API, the desk, health and metrics. Knows ports, never a database."""
