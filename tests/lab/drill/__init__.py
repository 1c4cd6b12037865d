"""The drill: faults made on purpose, and what every node says of them."""
