"""The Django application of the directory."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    """Views and a command alone: what the directory says is in the register."""

    name = "ca.directory"
    label = "directory"
