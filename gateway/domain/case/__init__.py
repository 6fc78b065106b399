"""办件: what units do about a ticket. Tasks, clocks, dispatch, policy; rules without any input or output."""
