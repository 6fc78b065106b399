"""What processes tell each other: embedded Valkey, wake-ups, a shared cache, and questions over Unix sockets.

Nothing here is the record. Everything must go on, more slowly, while Valkey is down.
"""
