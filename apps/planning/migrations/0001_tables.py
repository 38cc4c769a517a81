"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('planning', '0001_initial'),
        ('planning', '0002_facts_stay'),
        ('planning', '0003_foundation_and_touched'),
        ('planning', '0004_column_classes'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='draft', to='projects.cycle')),
                ('content', models.JSONField(default=dict, help_text='One object per planning task; see planning.content.')),
                ('revision', models.PositiveIntegerField(default=0, help_text='Counts saves; two tabs cannot overwrite each other unseen.')),
                ('touched', models.JSONField(default=dict, help_text='Task to its last save: {"revision", "by"}. Saves of two tasks do not collide.')),
                ('edited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('edited_at', models.DateTimeField(auto_now=True)),
                ('editors', models.ManyToManyField(help_text='Who wrote in it since the last version.', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='projects.cycle')),
                ('number', models.PositiveSmallIntegerField(help_text='1, 2, 3 ... within the cycle')),
                ('content', models.JSONField()),
                ('content_hash', models.CharField(max_length=64)),
                ('foundation', models.CharField(default='', help_text='Hash of the part that later rooms rest on.', max_length=64)),
                ('reason', models.CharField(blank=True, help_text='Why it amends the version before it.', max_length=300)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('editor_ids', models.JSONField(default=list, help_text='Everyone who wrote in it: none of them may sign it.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['cycle', 'number'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'number'), name='plan_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='ColumnClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='column_classes', to='projects.project')),
                ('column', models.CharField(max_length=255)),
                ('sensitivity', models.CharField(choices=[('public', 'Public: anybody may see it'), ('internal', 'Internal: the team may see it'), ('personal', 'Personal: about a person; no single value is shown'), ('secret', 'Secret: special or protected; no single value is shown')], max_length=8)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'column classes',
                'ordering': ['pk'],
            },
        ),
        protect(
            'planning_columnclass',
            'planning_plan',
        ),
    ]
