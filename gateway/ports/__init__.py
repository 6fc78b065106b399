"""Protocols between the rooms: what the product needs from the world, and what adapters offer. No behaviour."""
