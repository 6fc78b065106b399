"""Use cases: accept a contact, answer a call, register, correct, recover. Everything that changes the record."""
