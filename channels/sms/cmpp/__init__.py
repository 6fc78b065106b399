"""CMPP 2.0 and 3.0: PDUs and the channel that keeps a connection to an operator's gateway."""
