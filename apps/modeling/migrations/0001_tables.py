"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('modeling', '0001_initial'),
        ('modeling', '0002_facts_stay'),
        ('modeling', '0003_comparison_threshold_and_notes'),
        ('modeling', '0004_classes_weighed_and_rows_sampled'),
        ('modeling', '0005_adversary_suite_and_explained_rows'),
        ('modeling', '0006_fitted_choices'),
        ('modeling', '0007_time_memory_and_wrap_up'),
        ('modeling', '0008_level_of_a_quantile'),
        ('modeling', '0009_notebook_tokens'),
        ('modeling', '0010_scores_in_columns_and_races'),
        ('modeling', '0011_nested_scores'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('datasets', '0001_tables'),
        ('jobs', '0001_tables'),
        ('planning', '0001_tables'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='experiments', to='projects.cycle')),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... within the cycle')),
                ('split', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.split')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='planning.plan')),
                ('problem', models.CharField(max_length=10)),
                ('features', models.JSONField(help_text='Column specs of the features used.')),
                ('seed', models.PositiveIntegerField(default=0)),
                ('budget_s', models.PositiveIntegerField(help_text='Seconds that all of it may take; null: no limit.', null=True)),
                ('ends_at', models.DateTimeField(help_text='When its time is over; null until its first trial starts.', null=True)),
                ('balanced', models.BooleanField(default=False, help_text='Each class counts alike, however rare it is.')),
                ('preparation', models.JSONField(default=list, help_text='Fitted choices of the wrangle page at the start; [] is automatic.')),
                ('level', models.FloatField(help_text='Quantile that is predicted, 0 to 1; null: the mean, or a class.', null=True)),
                ('nested_at', models.DateTimeField(help_text='When nested cross-validation was asked for first; null: never.', null=True)),
                ('note', models.TextField(blank=True, help_text='Why it was run, and what was learnt.')),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'number'), name='experiment_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='modeling.experiment')),
                ('candidate', models.CharField(help_text="A key of the engine's CANDIDATES.", max_length=40)),
                ('title', models.CharField(max_length=80)),
                ('is_baseline', models.BooleanField(default=False)),
                ('params', models.JSONField(default=dict)),
                ('most_rows', models.PositiveIntegerField(help_text='Fitted on a sample of so many rows; null: on all.', null=True)),
                ('expected_s', models.FloatField(default=0, help_text='Seconds that were expected before the start.')),
                ('memory_bytes', models.PositiveBigIntegerField(default=0, help_text='Most memory that its process has held; 0: not told.')),
                ('left_s', models.FloatField(help_text='Seconds left of its time when its worker last looked; null: no limit.', null=True)),
                ('wrap_up_at', models.DateTimeField(help_text='When a person asked a search to end with what it has.', null=True)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('result', models.JSONField(default=dict, help_text='What cross_validate returned.')),
                ('score', models.FloatField(help_text='Mean of the first promised metric over the folds; see take_result.', null=True)),
                ('fold_scores', models.JSONField(default=list, help_text='The same metric of each fold.')),
                ('low', models.FloatField(help_text='95 % interval of the score, its lower end.', null=True)),
                ('high', models.FloatField(help_text='And its upper end.', null=True)),
                ('fit_s', models.FloatField(help_text='Seconds of fitting over all folds.', null=True)),
                ('one_row_ms', models.FloatField(help_text='Milliseconds of an answer to one row.', null=True)),
                ('size_bytes', models.FloatField(help_text='Bytes of the model file.', null=True)),
                ('races', models.BooleanField(default=False, help_text='It is trained in rounds of more and more folds.')),
                ('rounds', models.JSONField(default=list, help_text='Rounds of its race so far: folds, score, metric, answers, spent_s.')),
                ('is_outraced', models.BooleanField(default=False, help_text="Stopped by the race; the reason is its job's.")),
                ('diagnosis', models.JSONField(default=dict, help_text='Where it errs and what it earns, on rows that did not train it.')),
                ('answers', models.CharField(blank=True, help_text='SHA-256 of the Parquet of out-of-fold answers.', max_length=64)),
                ('nested_job', models.ForeignKey(help_text='Of its nested scores.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('nested', models.JSONField(default=dict, help_text='What validate_nested returned.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['experiment', 'score', 'is_baseline', 'low', 'high', 'fit_s', 'one_row_ms', 'size_bytes', 'candidate', 'title', 'job', 'fold_scores'], name='trial_standing')],
            },
        ),
        migrations.CreateModel(
            name='NotebookToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='modeling.experiment')),
                ('name', models.CharField(help_text='Which notebook uses it.', max_length=80)),
                ('prefix', models.CharField(help_text='First characters, to tell tokens apart.', max_length=12)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trial', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='frozen', to='modeling.trial')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='candidates', to='projects.cycle')),
                ('baseline', models.ForeignKey(help_text='Tested beside it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='modeling.candidate')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('model', models.CharField(blank=True, help_text='SHA-256 of the skops file.', max_length=64)),
                ('report', models.JSONField(default=dict, help_text='What fit_final returned.')),
                ('threshold', models.FloatField(default=0.5, help_text='Probability from which the positive class is said, 0 to 1.')),
                ('threshold_why', models.CharField(blank=True, max_length=200)),
                ('frozen_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='openings', to='projects.cycle')),
                ('number', models.PositiveSmallIntegerField(help_text='1, 2, 3 ... within the cycle')),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='openings', to='modeling.candidate')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='planning.plan')),
                ('split', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.split')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['cycle', 'number'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'number'), name='opening_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opening', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='evaluation', to='modeling.opening')),
                ('result', models.JSONField(help_text='What evaluate_sealed returned.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Reproduction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reproductions', to='modeling.trial')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.JSONField(default=dict, help_text='level A-D, what differs, versions.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='AttackRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attacks', to='modeling.trial')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.JSONField(default=dict, help_text='What run_suite returned.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='RowExplanation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('trial', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='explained_rows', to='modeling.trial')),
                ('row', models.PositiveIntegerField(help_text='1 is the first development row.')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('result', models.JSONField(default=dict, help_text='What explain_row returned.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        protect(
            'modeling_evaluation',
            'modeling_opening',
        ),
    ]
