"""Rotation as a Django application, so that its commands are found."""

from django.apps import AppConfig


class RotationConfig(AppConfig):
    """The commands ``enrol`` and ``prepare``."""

    name = "partner_client.rotation"
