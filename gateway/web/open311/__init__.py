"""Open311 GeoReport v2 at ``/open311/v2``: the same tickets, in the words that cities' tools share."""
