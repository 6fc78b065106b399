"""Finds adapters by name from configuration and checks what they export. Only configured kinds are imported."""
