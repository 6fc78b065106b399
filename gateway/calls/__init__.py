"""A telephone call on our side: dialogue, keys, speech detection and recording."""
