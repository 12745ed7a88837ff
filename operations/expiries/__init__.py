"""What expires, and how close that is."""
