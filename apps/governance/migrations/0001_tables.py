"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.projects.insert_only import protect


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('governance', '0001_initial'),
        ('governance', '0002_facts_stay'),
        ('governance', '0003_signing_delegations_and_views'),
        ('governance', '0004_packs_and_checks_anchors'),
        ('governance', '0005_findings_notices'),
        ('governance', '0006_findings_stay'),
        ('governance', '0007_notice_of_incidents'),
        ('governance', '0008_alerts'),
    ]

    dependencies = [
        ('accounts', '__first__'),
        ('jobs', '0001_tables'),
        ('production', '0001_tables'),
        ('projects', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='projects.team')),
                ('url', models.CharField(max_length=500)),
                ('salt', models.CharField(help_text='The signing secret is made of it and of a key outside.', max_length=32)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_at', models.DateTimeField(help_text='Nothing is sent there from then on.', null=True)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('team',), name='webhook_one_in_use')],
            },
        ),
        migrations.CreateModel(
            name='AlertBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='alert_budget', to='projects.team')),
                ('a_week', models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='ToldIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='told', to='production.incident')),
                ('how', models.CharField(choices=[('at_once', 'At once'), ('digest', 'In the weekly digest')], max_length=7)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='governance.webhook')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='jobs.job')),
                ('kind', models.CharField(help_text='For example incident.raised', max_length=20)),
                ('key', models.CharField(help_text='What it tells of: sent to an address once.', max_length=80)),
                ('body', models.TextField(help_text='Canonical JSON, as it is signed and sent.')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('delivered', 'Delivered'), ('given_up', 'Given up')], default='waiting', max_length=9)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(help_text='The next attempt; empty: there is none.', null=True)),
                ('attempts', models.JSONField(default=list, help_text='Each: at, status, took_ms, says.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='delivery_due')],
                'constraints': [models.UniqueConstraint(fields=('webhook', 'key'), name='delivery_is_made_once')],
            },
        ),
        migrations.CreateModel(
            name='GateNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations', to='projects.team')),
                ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('delegate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField(help_text='The last day.')),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='delegation_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('giver', models.F('delegate')), _negated=True), name='delegation_is_to_somebody_else')],
            },
        ),
        migrations.CreateModel(
            name='Revocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delegation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='revocation', to='governance.delegation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='EvidenceView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('submission', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='projects.submission')),
                ('check_key', models.CharField(max_length=80)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'indexes': [models.Index(fields=['cycle', 'stage', 'person'], name='view_of_gate')],
            },
        ),
        migrations.CreateModel(
            name='PasswordCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('wrong', models.PositiveSmallIntegerField(default=0)),
                ('last_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='GateFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gate_findings', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... at this gate of this cycle')),
                ('severity', models.CharField(choices=[('high', 'High: blocks the gate'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                ('says', models.CharField(max_length=600)),
                ('about', models.CharField(blank=True, help_text='Key of the task, field or question it is about.', max_length=120)),
                ('about_title', models.CharField(blank=True, help_text="The same as a reader's.", max_length=200)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('due_on', models.DateField(blank=True, null=True)),
                ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['cycle', 'stage', 'number'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'stage', 'number'), name='gate_finding_number_is_unique')],
            },
        ),
        migrations.CreateModel(
            name='FindingReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='governance.gatefinding')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('text', models.TextField()),
                ('answers', models.BooleanField(help_text='By somebody who works on it: the finding is answered.')),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'finding replies',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='FindingClosing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('finding', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='closing', to='governance.gatefinding')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='WarningAccepted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accepted_warnings', to='projects.cycle')),
                ('stage', models.CharField(choices=[('plan', 'Planning'), ('data', 'Data'), ('model', 'Modeling'), ('production', 'Production')], max_length=10)),
                ('check_key', models.CharField(max_length=80)),
                ('answer_hash', models.CharField(help_text='SHA-256 of the answer accepted.', max_length=64)),
                ('note', models.TextField(help_text='Why it is acceptable.')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name_plural': 'warnings accepted',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'stage', 'check_key', 'answer_hash'), name='warning_accepted_once_per_answer')],
            },
        ),
        migrations.CreateModel(
            name='SignedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='signed_page', to='projects.decision')),
                ('sha256', models.CharField(max_length=64)),
                ('page', models.BinaryField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(choices=[('submitted', 'Submitted'), ('decided', 'Decided'), ('finding', 'Finding'), ('condition', 'Condition'), ('reminder', 'Reminder'), ('incident', 'Incident'), ('digest', 'Weekly digest')], max_length=10)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='projects.project')),
                ('says', models.CharField(max_length=300)),
                ('lines', models.JSONField(default=list, help_text='A digest: sentences, the gravest first.')),
                ('link', models.CharField(help_text='Path on this site.', max_length=200)),
                ('key', models.CharField(help_text='What it tells of: told to a person once.', max_length=80)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('mail_after', models.DateTimeField(blank=True, help_text='The e-mail is due from then on; empty: none is.', null=True)),
                ('mail_tries', models.PositiveSmallIntegerField(default=0)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('mail_after__isnull', False)), fields=['mail_after'], name='notice_mail_due'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['person'], name='notice_unread')],
                'constraints': [models.UniqueConstraint(fields=('person', 'key'), name='notice_tells_once')],
            },
        ),
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='packs', to='projects.cycle')),
                ('decision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='packs', to='projects.decision')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sha256', models.CharField(blank=True, help_text='Of the zip in the store.', max_length=64)),
                ('size_bytes', models.PositiveBigIntegerField(null=True)),
                ('seq', models.PositiveBigIntegerField(help_text='The event that vouches for it.', null=True)),
                ('head', models.CharField(blank=True, help_text='Hash of that event.', max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verifications', to='projects.chain')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.job')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('events', models.PositiveBigIntegerField(help_text='Events that hold.', null=True)),
                ('anchored_to', models.PositiveBigIntegerField(default=0, help_text='The last anchored event.')),
                ('found', models.JSONField(default=list, help_text='Sentences about what is wrong.')),
                ('notes', models.JSONField(default=list, help_text='Sentences about what is odd and not wrong.')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        protect(
            'governance_delegation',
            'governance_evidenceview',
            'governance_findingclosing',
            'governance_findingreply',
            'governance_gatefinding',
            'governance_gatenote',
            'governance_revocation',
            'governance_signedpage',
            'governance_warningaccepted',
        ),
    ]
