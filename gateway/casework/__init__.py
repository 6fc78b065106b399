"""What is done about cases: the commands of their verbs, and what follows from them and from time."""
