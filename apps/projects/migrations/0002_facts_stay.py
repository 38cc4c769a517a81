"""The database itself refuses to change or delete facts."""

from django.db import migrations

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]
    operations = [
        protect(
            "projects_event", "projects_submission", "projects_decision", "projects_conditionmet"
        )
    ]
