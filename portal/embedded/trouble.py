"""What keeps the portal from starting, as one line that a person can act on."""


class Trouble(Exception):
    """An expected reason not to start; its text is all that is printed."""
