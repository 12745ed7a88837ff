"""Other people's software: an authorization server that is not ours, with an authority of its own."""
