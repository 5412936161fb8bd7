"""The pages of what happened: the chat, the usage page and the receipts of calls."""
