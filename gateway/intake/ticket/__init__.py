"""What follows from tickets: titles, similar ones, news to sources, gauges."""
