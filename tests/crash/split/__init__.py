"""A gateway in roles on several machines, and what happens to it at night."""
