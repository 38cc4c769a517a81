"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
import django.db.models.expressions
import uuid
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('production', '0001_initial'),
        ('production', '0002_segments'),
        ('production', '0003_switches_and_drills'),
        ('production', '0004_incidents'),
        ('production', '0005_incidents_of_open_alarms'),
        ('production', '0006_canary_glass_policy'),
        ('production', '0007_sums_of_the_log'),
        ('production', '0008_sum_up_the_log'),
        ('production', '0009_batch_scoring'),
        ('production', '0010_what_is_kept_and_how_long'),
        ('production', '0011_removal_of_a_batch'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('datasets', '0001_tables'),
        ('jobs', '0001_tables'),
        ('modeling', '0001_tables'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Deployment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deployments', to='projects.project')),
                ('slug', models.SlugField(help_text='Part of its address.', max_length=60, unique=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['slug'],
            },
        ),
        migrations.CreateModel(
            name='Fallback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fallbacks', to='production.deployment')),
                ('kind', models.CharField(choices=[('release', 'The signed release before it answers'), ('rule', 'A simple rule or one constant answer takes its place'), ('stop', 'The endpoint stops answering')], max_length=7)),
                ('rule', models.JSONField(help_text='engine Rule, for the kind `rule`.', null=True)),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'rule'), ('rule__isnull', False)), models.Q(models.Q(('kind', 'rule'), _negated=True), ('rule__isnull', True)), _connector='OR'), name='fallback_rule_has_its_rule')],
            },
        ),
        migrations.CreateModel(
            name='WirePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wire_policies', to='production.deployment')),
                ('takes', models.JSONField(help_text='Keys of tripwires; at all others the watch only tells.')),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DriftReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('reason', models.TextField()),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drift_references', to='production.deployment')),
                ('kind', models.CharField(help_text="A key of KINDS in the engine's seasons.", max_length=9)),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Retention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('reason', models.TextField()),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.deployment')),
                ('inputs_days', models.PositiveIntegerField(help_text='Inputs of a call; 0: for good.')),
                ('answers_days', models.PositiveIntegerField(help_text='Calls, answers, truths; 0: for good.')),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Removal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='removals', to='production.deployment')),
                ('inputs_before', models.DateTimeField(help_text='Inputs before it were removed.', null=True)),
                ('answers_before', models.DateTimeField(help_text='Calls before it were removed.', null=True)),
                ('inputs', models.PositiveBigIntegerField(default=0, help_text='Rows that lost their inputs.')),
                ('answers', models.PositiveBigIntegerField(default=0)),
                ('actuals', models.PositiveBigIntegerField(default=0)),
                ('calls', models.PositiveBigIntegerField(default=0)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='production.deployment')),
                ('number', models.PositiveIntegerField()),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='projects.cycle')),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='modeling.candidate')),
                ('contract', models.JSONField(default=dict)),
                ('steps', models.JSONField(default=list, help_text='Row-wise steps replayed on each request.')),
                ('served_with', models.JSONField(default=dict, help_text='features, problem, classes, positive, threshold, versions')),
                ('monitor', models.JSONField(default=dict, help_text="Tripwires and windows; from the plan's risks and metrics.")),
                ('content_hash', models.CharField(blank=True, max_length=64)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('report', models.JSONField(default=dict, help_text='What build_release returned.')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['deployment', 'number'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'number'), name='release_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='CallSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_sums', to='production.deployment')),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_sums', to='production.release')),
                ('start', models.DateTimeField(help_text='UTC; of this half hour.')),
                ('calls', models.PositiveBigIntegerField(default=0)),
                ('rows', models.PositiveBigIntegerField(default=0)),
                ('errors', models.PositiveBigIntegerField(default=0, help_text='HTTP status 500 and above.')),
                ('refused', models.PositiveBigIntegerField(default=0, help_text='HTTP status 400 to 499.')),
                ('kinds', models.JSONField(default=dict, help_text='Calls by the code of their refusal.')),
                ('latency', models.JSONField(default=dict, help_text='Answered calls by bin of their latency; see engine service.')),
            ],
            options={
                'ordering': ['start'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'start', 'release'), name='call_sum_of_release_once'), models.UniqueConstraint(condition=models.Q(('release__isnull', True)), fields=('deployment', 'start'), name='call_sum_of_none_once')],
            },
        ),
        migrations.CreateModel(
            name='AnswerSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answer_sums', to='production.release')),
                ('day', models.DateField(help_text='In UTC.')),
                ('told', models.CharField(blank=True, max_length=200)),
                ('is_known', models.BooleanField(default=False)),
                ('actual', models.CharField(blank=True, max_length=200)),
                ('rows', models.BigIntegerField(default=0)),
            ],
            options={
                'ordering': ['day'],
                'constraints': [models.UniqueConstraint(fields=('release', 'day', 'told', 'is_known', 'actual'), name='answer_sum_once')],
            },
        ),
        migrations.CreateModel(
            name='FlipReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release')),
                ('after', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flip_reports', to='production.release')),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('report', models.JSONField(default=dict, help_text='What compare_releases returned.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='GlassRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('reason', models.TextField()),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='glass_requests', to='production.deployment')),
                ('kind', models.CharField(choices=[('release', 'The signed release before it answers'), ('rule', 'A simple rule or one constant answer takes its place'), ('stop', 'The endpoint stops answering')], max_length=7)),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release')),
                ('hours', models.PositiveSmallIntegerField(help_text='How long it holds, at most 24.')),
                ('by_manager', models.BooleanField(default=False, help_text='Their role at that time.')),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drills', to='projects.cycle')),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release')),
                ('risk', models.TextField(help_text='As the plan says it.')),
                ('contingency', models.TextField(help_text='As the plan says it; another one is not drilled.')),
                ('done', models.TextField(help_text='What was done.')),
                ('passed', models.BooleanField()),
                ('took_s', models.FloatField(help_text='Until the contingency was in force.')),
                ('note', models.TextField(blank=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='production.deployment')),
                ('name', models.CharField(help_text='Who or what uses it.', max_length=80)),
                ('prefix', models.CharField(help_text='First characters, to tell tokens apart.', max_length=12)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('calls_per_minute', models.PositiveIntegerField(blank=True, help_text="Of each web process; empty: the installation's.", null=True)),
                ('rows_per_minute', models.PositiveIntegerField(blank=True, help_text="Of each web process; empty: the installation's.", null=True)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Scoring',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scorings', to='production.deployment')),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... of the endpoint.')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='scorings', to='production.release')),
                ('filename', models.CharField(help_text='As the user named it; only shown.', max_length=255)),
                ('version', models.ForeignKey(help_text='Instead of a file.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.version')),
                ('sha256', models.CharField(help_text="Of the file, or of the version's table.", max_length=64)),
                ('all_or_nothing', models.BooleanField(default=False, help_text='One refused row stops all, as in a call of the endpoint.')),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('token', models.ForeignKey(help_text="A program asked, in the person's name.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.apitoken')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'number'), name='scoring_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Scores',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scoring', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='scores', to='production.scoring')),
                ('sha256', models.CharField(help_text='Of the Parquet file of answers.', max_length=64)),
                ('unread', models.CharField(blank=True, help_text='SHA-256 of a CSV of records that are no rows.', max_length=64)),
                ('rows', models.PositiveBigIntegerField()),
                ('answered', models.PositiveBigIntegerField()),
                ('refused', models.PositiveBigIntegerField()),
                ('report', models.JSONField(default=dict, help_text='What score_file returned.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('rows', django.db.models.expressions.CombinedExpression(models.F('answered'), '+', models.F('refused')))), name='scores_lose_no_row')],
            },
        ),
        migrations.CreateModel(
            name='ScoringRemoval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scoring', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='removal', to='production.scoring')),
                ('person', models.ForeignKey(help_text='Without one its time was over.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='production.deployment')),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='production.release')),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.apitoken')),
                ('is_rehearsal', models.BooleanField(default=False, help_text='Made from the form to try it.')),
                ('status', models.PositiveSmallIntegerField(help_text='HTTP status of the answer.')),
                ('error', models.CharField(blank=True, help_text='Code of the refusal.', max_length=60)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('latency_ms', models.FloatField()),
                ('at', models.DateTimeField(db_index=True)),
            ],
            options={
                'ordering': ['-at'],
                'indexes': [models.Index(fields=['deployment', '-at'], name='call_of_deployment')],
            },
        ),
        migrations.CreateModel(
            name='Prediction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('call', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='predictions', to='production.call')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='predictions', to='production.deployment')),
                ('release', models.ForeignKey(help_text="Null where the fallback's rule answered in the model's place.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predictions', to='production.release')),
                ('row', models.JSONField(help_text='The checked input, sensitive columns as marks (see keeping.py); {} once removed.')),
                ('seal', models.CharField(blank=True, db_default='', default='', help_text="Keyed hash of a row that has the caller's id and is not kept whole.", max_length=32)),
                ('prediction', models.JSONField()),
                ('probabilities', models.JSONField(null=True)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['release', '-at'], name='prediction_of_release'), models.Index(fields=['deployment', '-at'], name='prediction_of_deployment')],
            },
        ),
        migrations.CreateModel(
            name='Segment',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('taken_bytes', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Actual',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prediction', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='actual', to='production.prediction')),
                ('value', models.JSONField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='actual_by_time')],
            },
        ),
        migrations.CreateModel(
            name='WatchReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watch_reports', to='production.release')),
                ('at', models.DateTimeField()),
                ('service', models.JSONField(default=dict)),
                ('drift', models.JSONField(default=list)),
                ('reference', models.JSONField(default=dict, help_text='What drift was held against: kind, and a sentence.')),
                ('performance', models.JSONField(default=dict)),
                ('wires', models.JSONField(default=list, help_text='Each tripwire: its value and state in its own days.')),
                ('causes', models.JSONField(default=list, help_text='Suspects of this look, the likeliest first.')),
            ],
            options={
                'ordering': ['-at'],
                'get_latest_by': 'at',
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='production.deployment')),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... of the endpoint.')),
                ('severity', models.CharField(max_length=6)),
                ('says', models.CharField(max_length=400)),
                ('action', models.CharField(blank=True, help_text="The plan's contingency.", max_length=400)),
                ('risk', models.CharField(blank=True, help_text="The plan's risk, in its words.", max_length=300)),
                ('weight', models.PositiveSmallIntegerField(default=0, help_text='Likelihood times impact of the risk, 1 to 9; 0 without a risk.')),
                ('cause', models.JSONField(default=dict, help_text='Suspect: kind, name, says, share, since, change, sentence.')),
                ('loss_a_month', models.FloatField(help_text="Expected, in the plan's money.", null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to=settings.AUTH_USER_MODEL)),
                ('due_at', models.DateTimeField()),
                ('raised_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('outcome', models.CharField(blank=True, choices=[('true', 'True alarm: something was wrong'), ('false', 'False alarm: nothing was wrong')], max_length=5)),
                ('resolution', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-raised_at'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'number'), name='incident_number_is_unique'), models.CheckConstraint(condition=models.Q(('closed_at__isnull', True), models.Q(models.Q(('outcome', ''), _negated=True), models.Q(('resolution', ''), _negated=True)), _connector='OR'), name='incident_closed_has_outcome')],
            },
        ),
        migrations.CreateModel(
            name='IncidentNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='production.incident')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='production.release')),
                ('incident', models.ForeignKey(help_text='Who looks after it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alarms', to='production.incident')),
                ('key', models.CharField(max_length=120)),
                ('severity', models.CharField(max_length=6)),
                ('says', models.CharField(max_length=400)),
                ('action', models.CharField(blank=True, help_text="The plan's contingency.", max_length=400)),
                ('raised_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-raised_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('release', 'key'), name='alarm_open_once')],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('deployment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='switches', to='production.deployment')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('release', 'The signed release before it answers'), ('rule', 'A simple rule or one constant answer takes its place'), ('stop', 'The endpoint stops answering')], max_length=7)),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release')),
                ('rule', models.JSONField(help_text='The rule that answers, as it was then.', null=True)),
                ('flips', models.ForeignKey(help_text='What was read before.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.flipreport')),
                ('canary', models.ForeignKey(help_text='Answers a share of the keys beside the release, once it is signed.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release')),
                ('terms', models.JSONField(help_text='Of the canary: share in %, column of the key, bounds of the guard.', null=True)),
                ('glass', models.OneToOneField(help_text='Break-glass.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='switch', to='production.glassrequest')),
                ('until', models.DateTimeField(help_text='A break-glass counts until then.', null=True)),
                ('alarm', models.OneToOneField(help_text='Why the watch did it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='switch', to='production.alarm')),
                ('seen', models.JSONField(help_text='The figures that made the watch do it.', null=True)),
                ('reason', models.TextField()),
                ('by_manager', models.BooleanField(default=False, help_text='Their role at that time.')),
                ('person', models.ForeignKey(help_text='Without one the watch did it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('deployment', 'number'), name='switch_number_is_unique'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'release'), ('release__isnull', False)), models.Q(models.Q(('kind', 'release'), _negated=True), ('release__isnull', True)), _connector='OR'), name='switch_release_has_its_release'), models.CheckConstraint(condition=models.Q(models.Q(('canary__isnull', True), ('terms__isnull', True)), models.Q(('canary__isnull', False), ('kind', 'release'), ('terms__isnull', False)), _connector='OR'), name='switch_canary_has_its_terms'), models.CheckConstraint(condition=models.Q(models.Q(('glass__isnull', True), ('until__isnull', True)), models.Q(('glass__isnull', False), ('until__isnull', False)), _connector='OR'), name='switch_glass_ends'), models.CheckConstraint(condition=models.Q(('person__isnull', False), ('seen__isnull', False), _connector='OR'), name='switch_of_the_watch_has_figures')],
            },
        ),
        migrations.AddField(
            model_name='deployment',
            name='shadow',
            field=models.ForeignKey(blank=True, help_text='Answers copies of the calls afterwards; nobody is sent what it says.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='production.release'),
        ),
        protect(
            'production_driftreference',
            'production_drill',
            'production_fallback',
            'production_glassrequest',
            'production_removal',
            'production_retention',
            'production_scores',
            'production_scoring',
            'production_scoringremoval',
            'production_switch',
            'production_wirepolicy',
        ),
    ]
