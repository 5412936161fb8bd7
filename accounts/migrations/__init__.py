"""The shape of accounts in the database, one migration after the other."""
