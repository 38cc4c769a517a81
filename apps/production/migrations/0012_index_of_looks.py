from django.db import migrations, models


class Migration(migrations.Migration):
    """The last look at a release is read on many pages, and there may be one each minute."""

    dependencies = [("production", "0011_removal_of_a_batch")]

    operations = [
        migrations.AddIndex(
            model_name="watchreport",
            index=models.Index(fields=["release", "-at"], name="look_at_release"),
        ),
    ]
