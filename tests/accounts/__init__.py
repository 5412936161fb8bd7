"""Who: signing up and in, accounts, keys, callers and the texts people agree to."""
