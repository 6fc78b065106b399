"""Client of a language model that writes titles."""
