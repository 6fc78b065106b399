"""What was said becomes fields, each with its evidence. Rules only, all on this machine."""
