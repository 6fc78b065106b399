"""The case core: calendars, limits and clocks of what the city has taken in. Standard library only."""
