"""The database itself refuses to change or delete facts."""

from django.db import migrations

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_initial")]
    operations = [protect("governance_gatenote")]
