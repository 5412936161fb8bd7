"""The life of a call: open, perform, settle; each ends in one settlement, whoever writes it."""
