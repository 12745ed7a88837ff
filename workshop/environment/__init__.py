"""What starts, watches and stops the whole environment: all parties on one machine, no container."""
