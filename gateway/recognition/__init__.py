"""Recognition between processes: a server that runs an engine, a client, vosk-server's protocol between them."""
