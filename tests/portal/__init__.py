"""The pages and figures of the roof."""
