"""People, for administrators."""

from typing import Any

from allauth.account import admin as account_admin
from allauth.mfa import admin as mfa_admin
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.http import HttpRequest

from apps.accounts.models import User
from apps.web.admin import ReadOnlyAdmin

# allauth's pages would show and change the secret of a second factor; its own list of addresses
# is not used here. Importing them first makes sure that they are registered.
admin.site.unregister([mfa_admin.Authenticator, account_admin.EmailAddress])


@admin.register(mfa_admin.Authenticator)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Who has a second factor. It is taken off for somebody who lost it; never seen or set."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type", "last_used_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name"]
    exclude = ["data"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change people may take it off."""
        return request.user.has_perm("accounts.change_user")


class NewUserForm(BaseUserCreationForm):
    """Address, name and a first password."""

    class Meta:
        model = User
        fields = ["email", "name"]
        field_classes = {"email": forms.EmailField}


@admin.register(User)
class HouseUserAdmin(UserAdmin):
    """Create and deactivate people. They are never deleted: signatures name them."""

    add_form = NewUserForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    readonly_fields = ["last_login", "joined_at"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "theme"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("History", {"fields": ["last_login", "joined_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]

    def has_delete_permission(self, request, obj=None) -> bool:
        """Never: untick 'active' instead."""
        return False
