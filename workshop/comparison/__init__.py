"""``./scripts/compare``: the same business call in every way, measured; and what a thief gets of each."""
