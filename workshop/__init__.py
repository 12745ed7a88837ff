"""The workshop: the story, the thief and the attack catalogue. It sees all parties; nothing imports it."""
