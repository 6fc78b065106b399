"""Short messages: an operator over SMPP or CMPP, or a provider by HTTP (README.md)."""
