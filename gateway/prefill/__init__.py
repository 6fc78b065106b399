"""What was said becomes fields, each with its evidence. Prefill only, all on this machine."""
