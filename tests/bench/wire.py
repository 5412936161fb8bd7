"""What load and upstream agree on: three models by how they answer, and how HTTP messages end."""

INSTANT = "bench"
PATIENT = "bench-patient"
PACED = "bench-paced"
MODELS = (INSTANT, PATIENT, PACED)

TOKENS = 50
PACE_SECONDS = 0.02
PATIENCE_SECONDS = 0.3
PROMPT_TOKENS = 12
MARK = b"tok"
"""Every token of an answer starts with it, and nothing else in a message does."""

HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def content_length(head: bytes) -> int:
    """This will return the length that a head in lower case announces, or -1 when it comes in chunks."""
    start = head.find(b"content-length:")
    if start < 0:
        return -1
    return int(head[start + 15 : head.index(b"\r\n", start)])
