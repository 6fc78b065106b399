"""The live side: an embedded Valkey, wake-ups and a cache that processes share, and what they ask each other.

Nothing here is the record. Everything must go on, more slowly, while Valkey is down.
"""
