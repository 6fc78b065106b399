"""SMPP 3.4: PDUs and the channel that keeps a connection to an SMSC."""
