"""Telephone calls: answering, the flow on a line, what is left in the record, recovery."""
