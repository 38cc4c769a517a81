"""The user. An e-mail address signs in; a name is printed on signatures."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


class Theme(models.TextChoices):
    """How pages are coloured."""

    AUTO = "auto", "As my device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user who may sign in when ``password`` is given."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create an administrator of the installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find by address in any case: nobody owns `Ann@x` beside `ann@x`."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Never deleted: signatures and the ledger name them."""

    email = models.EmailField(unique=True, help_text="Signs in with it; stored in lower case.")
    name = models.CharField(max_length=120, help_text="Printed on signatures.")
    is_active = models.BooleanField(default=True, help_text="Untick instead of deleting.")
    is_staff = models.BooleanField(default=False, help_text="May open the administration pages.")
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.AUTO)
    mail_notices = models.BooleanField(
        "E-mail me",
        default=True,
        help_text="One sentence and a link when a gate, a finding or a condition concerns you.",
    )
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """At most two letters for the round badge."""
        words = (self.name or self.email).split()
        return "".join(word[0] for word in words[:2]).upper()

    def get_full_name(self) -> str:
        """Name as printed."""
        return str(self)
