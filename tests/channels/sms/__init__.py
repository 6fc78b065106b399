"""Tests of the SMS channel: its codecs, its providers, and peers that speak to it over real sockets."""
