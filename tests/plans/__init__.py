"""How much: offerings, orders, payments, credits and quotas."""
