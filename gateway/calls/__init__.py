"""A call's life on our side: what it hears, what it says, what it keeps."""
