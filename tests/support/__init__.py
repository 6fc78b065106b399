"""What tests stand on, typed as strictly as the product; it imports nothing else of the tests.

================  =================================================================================================
time              ``clocks`` (set, shifted), ``virtual_time`` (a loop whose clock jumps), ``waiting``
the record        ``stores`` (each form of it, and fixtures), ``databases``, ``postgres``, ``searching``
processes         ``command`` (the verbs), ``running`` (a whole gateway), ``valkey``, ``doctor``
web               ``web_house`` (the web on a real store), ``servers`` and ``signatures`` (others' side), ``browser``,
                  ``attacks``
telephone         ``sip`` (a raw telephone), ``rtp`` (its audio)
sound             ``sounds``, ``tones`` (keys), ``noises`` (nobody speaks), ``hostile_sounds``, ``bad_decoder``
machine           ``ports``, ``certificates``, ``loop_time``, ``machine``
data              ``data`` (files to read), ``reading`` (the city's own reader)
fakes of ports    ``fakes.house`` (what a channel sees), ``fakes.conversations``, ``fakes.deliveries``,
                  ``fakes.reading``, ``fakes.recogniser``
================  =================================================================================================
"""
