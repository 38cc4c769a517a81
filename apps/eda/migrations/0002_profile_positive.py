"""What a profile reads of the plan is a part of its key: the positive class too."""

from django.db import migrations, models


def take_over(apps, schema_editor):
    """Profiles so far were made with the positive class of the plan of their time."""
    plans = apps.get_model("planning", "Plan").objects
    for profile in apps.get_model("eda", "Profile").objects.exclude(target=""):
        before = plans.filter(cycle=profile.cycle_id, created_at__lt=profile.created_at)
        plan = before.order_by("number").last()
        features = plan.content.get("features", {}) if plan else {}
        if features.get("target") == profile.target:
            profile.positive = features.get("positive") or ""
            profile.save(update_fields=["positive"])


class Migration(migrations.Migration):

    dependencies = [
        ("eda", "0001_tables"),
        ("planning", "0001_tables"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="profile",
            name="profile_once_per_content",
        ),
        migrations.AddField(
            model_name="profile",
            name="positive",
            field=models.CharField(
                blank=True,
                help_text="The plan's positive class, whose rate is told.",
                max_length=255,
            ),
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(
                fields=("cycle", "parquet", "target", "reading", "positive"),
                name="profile_once_per_content",
            ),
        ),
    ]
