"""The Django application of EST."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    """Views alone: what EST remembers is in the register."""

    name = "ca.enrolment"
    label = "enrolment"
