"""The Django applications of the admin."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ServiceAdminConfig(AdminConfig):
    """Django's admin, with the site that every service has; each app's ``admin`` module registers there."""

    default_site = "operations.pages.site.ServiceSite"


class AdministrationConfig(AppConfig):
    """Its templates, its style, the command ``first_user``, and its users."""

    name = "operations.pages"
    label = "administration"

    def ready(self) -> None:
        """Record who comes and goes."""
        from operations.pages import attendance

        attendance.record()
