"""The operator's commands: what each does stands in its ``--help``."""
