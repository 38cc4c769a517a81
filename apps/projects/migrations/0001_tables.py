"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('projects', '0001_initial'),
        ('projects', '0002_facts_stay'),
        ('projects', '0003_remove_chain_chain_only_one_for_the_installation_and_more'),
        ('projects', '0004_signing_rounds_and_tiers'),
        ('projects', '0005_key_version_and_anchors_of_chains'),
    ]

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='projects.team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('role', models.CharField(choices=[('analyst', 'Analyst'), ('manager', 'Manager'), ('viewer', 'Viewer'), ('admin', 'Team admin')], max_length=10)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'user'), name='membership_one_role_per_team')],
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='projects.team')),
                ('name', models.CharField(max_length=80)),
                ('slug', models.SlugField(max_length=90, unique=True)),
                ('sentence', models.CharField(blank=True, help_text='For whom, what is predicted, so that which decision changes.', max_length=300)),
                ('tier', models.PositiveSmallIntegerField(choices=[(1, 'Tier 1: people or large sums depend on it'), (2, 'Tier 2: a department depends on it'), (3, 'Tier 3: a trial')], default=2)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Tiering',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tierings', to='projects.project')),
                ('purpose', models.CharField(choices=[('advice', 'Advice: a person reads it and decides'), ('operations', 'Internal operations: it orders, routes or plans work'), ('access', "It affects a person's access to money, work, health or law")], max_length=10)),
                ('money_per_year', models.FloatField(help_text="At stake, in the plan's currency.")),
                ('decisions_per_month', models.FloatField()),
                ('people_affected', models.PositiveIntegerField()),
                ('computed', models.PositiveSmallIntegerField(choices=[(1, 'Tier 1: people or large sums depend on it'), (2, 'Tier 2: a department depends on it'), (3, 'Tier 3: a trial')])),
                ('tier', models.PositiveSmallIntegerField(choices=[(1, 'Tier 1: people or large sums depend on it'), (2, 'Tier 2: a department depends on it'), (3, 'Tier 3: a trial')], help_text='That holds.')),
                ('why', models.CharField(help_text='How the computed tier follows.', max_length=300)),
                ('reason', models.TextField(blank=True, help_text='Why a person set it.')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Cycle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cycles', to='projects.project')),
                ('number', models.PositiveSmallIntegerField(help_text='1, 2, 3 ... within the project')),
                ('reason', models.CharField(help_text='Why this cycle was started.', max_length=300)),
                ('started_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['project', 'number'],
                'constraints': [models.UniqueConstraint(fields=('project', 'number'), name='cycle_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('subject', models.CharField(help_text='SHA-256 of the thing the gate is about, with all upstream.', max_length=64)),
                ('evidence_hash', models.CharField(help_text='SHA-256 of the evidence shown.', max_length=64)),
                ('evidence', models.JSONField(help_text='The evidence as it was shown.')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person_name', models.CharField(help_text='Printed name at that time.', max_length=120)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('subject', models.CharField(help_text='SHA-256 of the thing the gate is about, with all upstream.', max_length=64)),
                ('evidence_hash', models.CharField(help_text='SHA-256 of the evidence shown.', max_length=64)),
                ('evidence', models.JSONField(help_text='The evidence as it was shown.')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person_name', models.CharField(help_text='Printed name at that time.', max_length=120)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... at this gate of this cycle; two signers cannot both be next.')),
                ('verdict', models.CharField(choices=[('approve', 'Approved'), ('conditions', 'Approved with conditions'), ('return', 'Returned with findings'), ('reject', 'Rejected'), ('withdraw', 'Withdrawn')], max_length=10)),
                ('meaning', models.CharField(help_text='What the signature says, in words.', max_length=300)),
                ('role', models.CharField(choices=[('analyst', 'Analyst'), ('manager', 'Manager'), ('viewer', 'Viewer'), ('admin', 'Team admin')], help_text='Role at that time.', max_length=10)),
                ('condition', models.TextField(blank=True)),
                ('due_on', models.DateField(blank=True, help_text='The condition is met by this day.', null=True)),
                ('submission', models.ForeignKey(help_text='What it answers.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='projects.submission')),
                ('needed', models.PositiveSmallIntegerField(default=1, help_text='How many different signers the tier asked for at that time.')),
                ('on_behalf_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('on_behalf_name', models.CharField(blank=True, max_length=120)),
                ('viewed', models.JSONField(default=dict, help_text='Evidence opened before signing: {"opened": [keys], "of": count}.')),
                ('forecast', models.PositiveSmallIntegerField(help_text='Chance in percent that the promise will be kept, as the signer said.', null=True)),
                ('session_hash', models.CharField(blank=True, help_text="SHA-256 of the key of the signer's session.", max_length=64)),
                ('auth_method', models.CharField(blank=True, help_text='How they proved it.', max_length=60)),
            ],
            options={
                'ordering': ['pk'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('cycle', 'stage', 'number'), name='decision_number_is_unique'), models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'conditions'), _negated=True), models.Q(('due_on__isnull', False), models.Q(('condition', ''), _negated=True)), _connector='OR'), name='decision_condition_has_text_and_date'), models.CheckConstraint(condition=models.Q(('forecast__isnull', True), ('forecast__lte', 100), _connector='OR'), name='decision_forecast_is_a_percentage')],
            },
        ),
        migrations.CreateModel(
            name='ConditionMet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='met', to='projects.decision')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'conditions met',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Chain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='chain', to='projects.team')),
                ('seq', models.PositiveBigIntegerField(default=0, help_text='Number of the last event.')),
                ('head', models.CharField(default='0000000000000000000000000000000000000000000000000000000000000000', help_text='Hash of the last event.', max_length=64)),
                ('anchored_seq', models.PositiveBigIntegerField(default=0, help_text='The last event whose hash was written outside of the database.')),
                ('anchored_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('team_id', models.Value(0)), name='chain_only_one_for_the_installation')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='projects.chain')),
                ('seq', models.PositiveBigIntegerField(help_text='1, 2, 3 ... without gaps within the chain')),
                ('at', models.DateTimeField()),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('actor_name', models.CharField(max_length=120)),
                ('verb', models.CharField(help_text='For example gate.signed', max_length=60)),
                ('says', models.CharField(help_text='The event as a sentence.', max_length=400)),
                ('project', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='projects.project')),
                ('facts', models.JSONField(default=dict)),
                ('salt', models.CharField(help_text='Random: keeps a body from being guessed.', max_length=32)),
                ('previous', models.CharField(max_length=64)),
                ('key', models.CharField(help_text='Name of the key of the seal.', max_length=16)),
                ('hash', models.CharField(help_text='SHA-256 that everybody can check.', max_length=64)),
                ('seal', models.CharField(help_text='HMAC of the hash with the ledger key.', max_length=64)),
            ],
            options={
                'ordering': ['chain', 'seq'],
                'indexes': [models.Index(fields=['project', '-seq'], name='event_of_project')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'seq'), name='event_sequence_is_unique')],
            },
        ),
        migrations.AddField(
            model_name='team',
            name='members',
            field=models.ManyToManyField(through='projects.Membership', to=settings.AUTH_USER_MODEL),
        ),
        protect(
            'projects_conditionmet',
            'projects_decision',
            'projects_event',
            'projects_submission',
            'projects_tiering',
        ),
    ]
