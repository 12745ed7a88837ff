"""Commands of an API that is not ours."""
