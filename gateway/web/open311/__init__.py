"""Open311 GeoReport v2 at ``/open311/v2``: the same tickets in that standard's terms."""
