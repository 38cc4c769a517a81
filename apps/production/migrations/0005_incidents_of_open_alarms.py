from datetime import timedelta

from django.db import migrations

DUE_DAYS = {"high": 1, "medium": 3, "low": 14}


def look_after_open_alarms(apps, editor):
    """Each alarm that nobody has answered gets an incident of its own."""
    Alarm, Incident = apps.get_model("production", "Alarm"), apps.get_model("production", "Incident")
    numbers = {}
    open_ones = Alarm.objects.filter(closed_at=None, incident=None).order_by("pk")
    for alarm in open_ones.select_related("release__deployment__project"):
        deployment = alarm.release.deployment
        number = numbers[deployment.pk] = numbers.get(deployment.pk, 0) + 1
        alarm.incident = Incident.objects.create(
            deployment=deployment,
            number=number,
            severity=alarm.severity,
            says=alarm.says,
            action=alarm.action,
            owner_id=deployment.project.owner_id,
            due_at=alarm.raised_at + timedelta(days=DUE_DAYS.get(alarm.severity, 3)),
            raised_at=alarm.raised_at,
            last_seen_at=alarm.last_seen_at,
        )
        alarm.save(update_fields=["incident"])


class Migration(migrations.Migration):

    dependencies = [("production", "0004_incidents")]

    operations = [migrations.RunPython(look_after_open_alarms, migrations.RunPython.noop)]
