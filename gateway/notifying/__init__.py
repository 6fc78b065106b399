"""The ways by which units are told: their mail server, WeCom's group robots, our own channel of text messages."""
