"""Pre-fill: reads text into fields, each with its evidence. Suggestions only, all on this machine."""
