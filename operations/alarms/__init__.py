"""Alarms: raised, cleared and listed."""
