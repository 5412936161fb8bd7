"""What the catalog promises."""
