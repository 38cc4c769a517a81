"""The database itself refuses to change findings, what was accepted and what was signed."""

from django.db import migrations

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    dependencies = [("governance", "0005_findings_notices")]
    operations = [
        protect(
            "governance_gatefinding",
            "governance_findingreply",
            "governance_findingclosing",
            "governance_warningaccepted",
            "governance_signedpage",
        )
    ]
