"""Everything that a house has to keep, in one archive: taken beside a running gateway, verified, put back."""
