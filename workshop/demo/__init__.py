"""``./scripts/demo``: starts everything, plays the story, stops everything."""
