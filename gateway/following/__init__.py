"""Background work: the follower of the event log, the worker of leased rows, the lease of what one process does."""
