"""Small servers that play the outside world in the demo and the tests; nothing imports them."""
