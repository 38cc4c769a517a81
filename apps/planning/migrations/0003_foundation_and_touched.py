"""What later rooms rest on, and who saved which task last."""

from django.db import migrations, models

from apps.projects.insert_only import protect, unprotect


class Migration(migrations.Migration):
    dependencies = [("planning", "0002_facts_stay")]
    operations = [
        migrations.AddField(
            model_name="draft",
            name="touched",
            field=models.JSONField(
                default=dict,
                help_text='Task to its last save: {"revision", "by"}. '
                "Saves of two tasks do not collide.",
            ),
        ),
        # SQLite makes the table anew for a new column: its triggers would be lost.
        unprotect("planning_plan"),
        migrations.AddField(
            model_name="plan",
            name="foundation",
            field=models.CharField(
                default="",
                help_text="Hash of the part that later rooms rest on.",
                max_length=64,
            ),
        ),
        protect("planning_plan"),
    ]
