"""Written contacts: the door, what they say, what people in danger are told."""
