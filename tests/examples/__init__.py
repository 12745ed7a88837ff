"""What other people take from here: the wheel of the library, and the examples."""
