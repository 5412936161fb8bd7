"""The clients of upstreams: one file and one row make a new vendor."""
