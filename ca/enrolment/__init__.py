"""Enrolment over Secure Transport: EST, RFC 7030 as corrected by RFC 8951."""
