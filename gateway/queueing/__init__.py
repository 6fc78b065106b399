"""The live side: an embedded Valkey, wake-ups between processes, and the epoch of the waiting room.

Nothing here is the record. Everything must go on, more slowly, while Valkey is down.
"""
