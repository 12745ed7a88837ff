"""The register: participants, the names that they may have, and every certificate that was issued."""
