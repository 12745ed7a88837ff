"""The certificate authority itself, without Django: its hierarchy, profiles, and the checks of requests."""
