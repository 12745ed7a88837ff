"""The authorization server: a file for each standard, and one for each thing that is our own."""
