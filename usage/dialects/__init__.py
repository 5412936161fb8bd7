"""The languages that machines ask in: how to read a request and how to frame an answer. Pure."""
