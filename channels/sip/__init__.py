"""The telephone channel: a SIP user agent with its own transaction and dialog layers (README.md)."""
