"""One folder a recogniser; found by name from configuration."""
