"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('eda', '0001_initial'),
        ('eda', '0002_profile_study'),
        ('eda', '0003_answer_view'),
        ('eda', '0004_sealed_looks'),
        ('eda', '0005_profile_reading'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('datasets', '0001_tables'),
        ('jobs', '0001_tables'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='profiles', to='projects.cycle')),
                ('parquet', models.CharField(help_text='SHA-256 of the rows that are profiled.', max_length=64)),
                ('target', models.CharField(blank=True, max_length=255)),
                ('reading', models.CharField(blank=True, help_text='How the plan says that the target is read.', max_length=20)),
                ('scope', models.CharField(choices=[('table', 'All rows, before the split'), ('development', 'Development rows')], max_length=12)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('result', models.CharField(blank=True, help_text='SHA-256 of the JSON result.', max_length=64)),
                ('study', models.CharField(blank=True, help_text='SHA-256 of what lies between the columns, as JSON.', max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cycle', 'parquet', 'target', 'reading'), name='profile_once_per_content')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='projects.cycle')),
                ('key', models.CharField(help_text='SHA-256 of function, rows and parameters.', max_length=64)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='jobs.job')),
                ('question', models.JSONField(default=dict, help_text='What the worker computes.')),
                ('content', models.BinaryField(help_text='The result, JSON packed by zlib.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cycle', 'key'), name='answer_once_per_question')],
            },
        ),
        migrations.CreateModel(
            name='View',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='views', to='projects.cycle')),
                ('name', models.CharField(max_length=80)),
                ('note', models.CharField(blank=True, help_text='What it shows.', max_length=400)),
                ('page', models.CharField(help_text='Name of the address.', max_length=20)),
                ('columns', models.JSONField(default=list, help_text='Columns in the address, by name: places change with the table.')),
                ('query', models.TextField(blank=True, help_text='Slice and parameters.')),
                ('is_pinned', models.BooleanField(default=False, help_text='Shown at the data gate.')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'name'), name='view_name_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='projects.cycle')),
                ('column', models.CharField(blank=True, max_length=255)),
                ('says', models.CharField(max_length=400)),
                ('severity', models.CharField(choices=[('high', 'High: blocks the gate'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('due_on', models.DateField(blank=True, null=True)),
                ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('raised_at', models.DateTimeField(auto_now_add=True)),
                ('answer', models.TextField(blank=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['closed_at', 'severity', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='finding_closed_has_answer')],
            },
        ),
        migrations.CreateModel(
            name='SealedLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sealed_looks', to='projects.cycle')),
                ('number', models.PositiveSmallIntegerField(help_text='1, 2, 3 ... within the cycle')),
                ('split', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.split')),
                ('reason', models.CharField(max_length=400)),
                ('left_out', models.JSONField(help_text='Columns that are not read: name and why.')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['cycle', 'number'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'number'), name='sealed_look_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='SealedSight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('look', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sight', to='eda.sealedlook')),
                ('result', models.JSONField(help_text='What compare_sealed returned.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        protect(
            'eda_sealedlook',
            'eda_sealedsight',
        ),
    ]
