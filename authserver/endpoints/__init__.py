"""What all endpoints share: their paths, the form that a client posts, and the headers of a response."""
