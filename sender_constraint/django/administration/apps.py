"""The Django applications of the admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ServiceAdminConfig(AdminConfig):
    """Django's admin, with the site that every service has; each app's ``admin`` module registers there."""

    default_site = "sender_constraint.django.administration.site.ServiceSite"


class AdministrationConfig(AppConfig):
    """Its templates, its style, the command ``first_user``, and its users."""

    name = "sender_constraint.django.administration"
    label = "administration"

    def ready(self) -> None:
        """Record who comes and goes."""
        from sender_constraint.django.administration import attendance

        attendance.record()
