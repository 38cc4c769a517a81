"""What a person may change about themselves."""

from django import forms

from apps.accounts.models import User


class ProfileForm(forms.ModelForm):
    """Name, theme, e-mail or none. An administrator changes the address: signatures hang on it."""

    class Meta:
        model = User
        fields = ["name", "theme", "mail_notices"]
