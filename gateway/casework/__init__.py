"""办件 as use cases: what officers and units do about tickets, and the tables that decide about them."""
