"""Connection and Query: rows that come from a database instead of a file."""

from typing import Any

from django.conf import settings
from django.db import models

from apps.engine.reading.database.address import Tls
from apps.engine.reading.database.statement import Dialect
from apps.projects.models import Team

DIALECTS = [
    (Dialect.POSTGRESQL.value, "PostgreSQL"),
    (Dialect.MYSQL.value, "MySQL or MariaDB"),
    (Dialect.SQLITE.value, "SQLite file"),
]
TLS = [
    (Tls.VERIFIED.value, "Encrypted, and the server's certificate is checked"),
    (Tls.ENCRYPTED.value, "Encrypted; whoever answers is believed"),
    (Tls.OFF.value, "Not encrypted: only on a network that you trust"),
]
PORTS = {Dialect.POSTGRESQL.value: 5432, Dialect.MYSQL.value: 3306, Dialect.SQLITE.value: 0}


class Connection(models.Model):
    """A database that a team may read. Its address never changes: another one is another row."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="connections")
    name = models.CharField(max_length=80)
    dialect = models.CharField(max_length=12, choices=DIALECTS)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=0)
    database = models.CharField(max_length=255, help_text="For SQLite a path inside the folder.")
    username = models.CharField(max_length=128, blank=True)
    tls = models.CharField(max_length=12, choices=TLS, default=Tls.VERIFIED.value)
    authority = models.TextField(blank=True, help_text="Certificates (PEM) to trust.")
    sealed = models.TextField(
        blank=True, help_text="Password and what it is for, encrypted. Empty once removed."
    )
    told = models.CharField(max_length=400, blank=True, help_text="What the last test said.")
    works = models.BooleanField(null=True, help_text="Whether the last test went well.")
    tested_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name"],
                condition=models.Q(removed_at=None),
                name="connection_name_is_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def where(self) -> str:
        """For people: server and database, without who asks."""
        if self.dialect == Dialect.SQLITE:
            return self.database
        return f"{self.database} on {self.host}:{self.port}"

    def as_dict(self) -> dict[str, Any]:
        """What the password is for, and what the ledger tells. Never the password."""
        return {
            "dialect": self.dialect,
            "host": self.host,
            "port": self.port,
            "database": self.database,
            "username": self.username,
            "tls": self.tls,
            "authority": self.authority,
        }


class Query(models.Model):
    """A SELECT with its parameters, as one version of a source was asked for. Never changed."""

    source = models.ForeignKey("datasets.Source", models.PROTECT, related_name="queries")
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="queries")
    sql = models.TextField()
    parameters = models.JSONField(default=list, help_text="name, kind and value of each.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "queries"

    def __str__(self) -> str:
        return f"Query {self.pk} on {self.connection}"
