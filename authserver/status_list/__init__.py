"""The status lists of issued tokens (draft-ietf-oauth-status-list-21)."""
