"""The scheme operator's directory: who takes part, and what it states of their software (RFC 7591 §2.3)."""
