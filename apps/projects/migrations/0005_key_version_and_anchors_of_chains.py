"""Events get a salt, the name of their key and a seal; chains remember their last anchor.

SQLite builds the table of events again and forgets its triggers, so they are taken off and put
back on both databases.
"""

from django.db import migrations, models

from apps.projects.insert_only import protect, unprotect


def text(length: int, help_text: str) -> models.CharField:
    return models.CharField(default="", max_length=length, help_text=help_text)


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0004_signing_rounds_and_tiers"),
    ]
    operations = [
        unprotect("projects_event"),
        migrations.AddField(
            "event",
            "salt",
            text(32, "Random: keeps a body from being guessed."),
            preserve_default=False,
        ),
        migrations.AddField(
            "event", "key", text(16, "Name of the key of the seal."), preserve_default=False
        ),
        migrations.AddField(
            "event",
            "seal",
            text(64, "HMAC of the hash with the ledger key."),
            preserve_default=False,
        ),
        migrations.AlterField(
            "event",
            "hash",
            models.CharField(max_length=64, help_text="SHA-256 that everybody can check."),
        ),
        protect("projects_event"),
        migrations.AddField(
            "chain",
            "anchored_seq",
            models.PositiveBigIntegerField(
                default=0,
                help_text="The last event whose hash was written outside of the database.",
            ),
        ),
        migrations.AddField("chain", "anchored_at", models.DateTimeField(null=True)),
    ]
