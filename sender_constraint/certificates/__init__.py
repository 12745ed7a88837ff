"""Certificates that turn: generations on disk, enrolment over secure transport (RFC 7030), renewal."""
