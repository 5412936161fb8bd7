"""The sandbox operator, held against the two specifications that it plays."""
