"""Extractors of what has a form of its own: numbers with checksums, money, times, names."""
