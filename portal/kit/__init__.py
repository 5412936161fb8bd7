"""The vocabulary that every floor shares and that imports none of them."""
