from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists of thousands of releases ask what is built and for the last look at each of them."""

    dependencies = [("production", "0001_tables")]

    operations = [
        migrations.AddIndex(
            model_name="watchreport",
            index=models.Index(fields=["release", "-at"], name="look_at_release"),
        ),
        migrations.AddIndex(
            model_name="release",
            index=models.Index(
                fields=["cycle", "deployment", "number", "content_hash"], name="release_of_cycle"
            ),
        ),
    ]
