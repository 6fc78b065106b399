"""What processes share and tell each other: an embedded Valkey with a cache, wake-ups, questions over Unix sockets.

Nothing here is the record. Everything must go on, more slowly, while Valkey is down.
"""
