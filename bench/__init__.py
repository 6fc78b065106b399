"""What the product costs and bears, measured; `make bench`."""
