"""The floor that answers *who*: users, accounts, members, their keys, and what they agreed to."""
