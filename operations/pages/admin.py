"""The users of the admin: the only thing that is changed in it, by superusers alone."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sender_constraint.django import events

if TYPE_CHECKING:
    # Only the type checker knows the class as a generic one.
    AnyUserAdmin = UserAdmin[User]
else:
    AnyUserAdmin = UserAdmin

# Registered by Django for everybody who uses its users: groups are more than so few users need.
admin.site.unregister([Group, User])


@admin.register(User)
class OperatorAdmin(AnyUserAdmin):
    """Who may look. Whoever may change users could give themselves any right: that takes a superuser."""

    add_form = UserCreationForm
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("username", "new_password")}),
        ("What they may see", {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("new_password", "last_login", "date_joined")
    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username",)

    @admin.display(description="password")
    def new_password(self, user: User) -> SafeString:  # noqa: ARG002 - Django's signature
        """A button, in place of what Django would show of the hash."""
        return format_html('<a class="button" href="{}">Reset password</a>', "../password/")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        """Only the right to look can be given: the others lead nowhere."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "user_permissions":
            own = Q(content_type__app_label__in=("auth", "admin", "contenttypes", "sessions"))
            field.queryset = Permission.objects.filter(~own, codename__startswith="view_").select_related(
                "content_type"
            )
        return field

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """Superusers."""
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002 - as above
        """Superusers."""
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002 - as above
        """Superusers."""
        return _is_superuser(request)

    def log_addition(self, request: HttpRequest, object: User, message: Any) -> Any:  # noqa: A002 - as above
        """Also in the audit trail."""
        events.accepted(request, "admin.user_added", user=_who(request), detail={"added": object.username})
        return super().log_addition(request, object, message)

    def log_change(self, request: HttpRequest, object: User, message: Any) -> Any:  # noqa: A002 - as above
        """Also in the audit trail."""
        events.accepted(
            request, "admin.user_changed", user=_who(request), detail={"changed": object.username}
        )
        return super().log_change(request, object, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """Also in the audit trail."""
        names = [each.username for each in queryset]
        events.accepted(request, "admin.users_deleted", user=_who(request), detail={"deleted": names})
        return super().log_deletions(request, queryset)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def _who(request: HttpRequest) -> str:
    return request.user.get_username()
