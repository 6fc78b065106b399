"""The live side: an embedded Valkey, wake-ups between processes, and a cache that they share.

Nothing here is the record. Everything must go on, more slowly, while Valkey is down.
"""
