"""What doors and adapters share: a contact as JSON, long work beside the loop, a look at a server, real clocks."""
