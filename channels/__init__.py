"""One folder a channel kind; found by name from configuration."""
