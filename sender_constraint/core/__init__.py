"""Rules, errors, confirmation, thumbprints, names and certificate checks; no input or output."""
