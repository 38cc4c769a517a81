"""All tables of the room; see docs/decisions/0050-the-tables-of-a-room-are-made-by-one-migration.md."""

import apps.accounts.models
import django.utils.timezone
from django.core.management import call_command
from django.db import migrations, models


def create_cache(apps, schema_editor):
    """The shared cache: counters of the sign-in limit must be seen by all processes."""
    call_command("createcachetable", "web_cache", database=schema_editor.connection.alias, verbosity=0)


def drop_cache(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS web_cache")


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0002_shared_cache'),
        ('accounts', '0003_user_notices'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(help_text='Signs in with it; stored in lower case.', max_length=254, unique=True)),
                ('name', models.CharField(help_text='Printed on signatures.', max_length=120)),
                ('is_active', models.BooleanField(default=True, help_text='Untick instead of deleting.')),
                ('is_staff', models.BooleanField(default=False, help_text='May open the administration pages.')),
                ('theme', models.CharField(choices=[('auto', 'As my device'), ('light', 'Light'), ('dark', 'Dark')], default='auto', max_length=5)),
                ('mail_notices', models.BooleanField(default=True, help_text='One sentence and a link when a gate, a finding or a condition concerns you.', verbose_name='E-mail me')),
                ('joined_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'ordering': ['name'],
            },
            managers=[
                ('objects', apps.accounts.models.UserManager()),
            ],
        ),
        migrations.RunPython(create_cache, drop_cache),
    ]
