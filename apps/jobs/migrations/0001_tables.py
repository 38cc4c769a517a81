"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('jobs', '0001_initial'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('task', models.CharField(help_text='Celery task, for example datasets.read', max_length=60)),
                ('queue', models.CharField(choices=[('quick', 'Quick'), ('data', 'Data'), ('train', 'Training'), ('watch', 'Watching')], max_length=8)),
                ('title', models.CharField(help_text="What it does, in the user's words.", max_length=160)),
                ('project', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='jobs', to='projects.project')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('stopped', 'Stopped')], default='waiting', max_length=8)),
                ('attempt', models.PositiveSmallIntegerField(default=0, help_text='How often it was started.')),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0, help_text='0 while it is not known.')),
                ('says', models.CharField(blank=True, help_text='What it does right now.', max_length=200)),
                ('log', models.TextField(blank=True, help_text='The last lines, newest at the end.')),
                ('problem', models.TextField(blank=True, help_text='Why it failed, and what to do.')),
                ('lease', models.UUIDField(help_text='Fencing token of the attempt that owns it.', null=True)),
                ('lease_ends_at', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=80)),
                ('stop_asked_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(help_text='Last time a message was published.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('see_queues', 'May see the queues and jobs of all teams')],
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['state', 'lease_ends_at'], name='job_live'), models.Index(fields=['project', '-created_at'], name='job_of_project')],
            },
        ),
    ]
