"""Written conversations: one open interaction a person and channel, stepped by a flow."""
