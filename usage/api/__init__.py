"""The machine door: the POSTs that make calls as a thin ASGI application, all else under /v1 as plain Django."""
