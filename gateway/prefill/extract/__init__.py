"""What can be read off a text by its form: numbers with checksums, money, times, names."""
