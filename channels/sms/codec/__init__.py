"""Encoding of short messages: alphabets, user data headers, and splitting of long texts."""
