"""Channel instances: who runs one, how it is doing, what leaves by it."""
