from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modeling", "0007_time_memory_and_wrap_up")]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="level",
            field=models.FloatField(
                null=True, help_text="Quantile that is predicted, 0 to 1; null: the mean, or a class."
            ),
        ),
    ]
