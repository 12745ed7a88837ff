"""The environment as a whole, over real sockets."""
