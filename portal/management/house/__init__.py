"""The rules of the house: small functions that read one file or the project and say what breaks them."""
