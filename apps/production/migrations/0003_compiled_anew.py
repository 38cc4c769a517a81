import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A release that scikit-learn served may be compiled after an update of this program."""

    dependencies = [("jobs", "0001_tables"), ("production", "0002_indexes_of_lists")]

    operations = [
        migrations.AddField(
            model_name="release",
            name="compile_job",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="jobs.job",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="compiled_anew",
            field=models.JSONField(
                null=True, help_text="What compile_again returned last; null: it is as it was built."
            ),
        ),
    ]
