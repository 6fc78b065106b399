"""Independent peers: programs that we did not write, started as processes on free loopback ports."""
