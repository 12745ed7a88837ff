"""The revocation endpoint (RFC 7009): a client gives up a token, or somebody stole it."""
