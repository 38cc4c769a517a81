"""``manage.py seed_demo``: three projects at different gates, and the accounts to look at them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.engine.errors import EngineError
from apps.governance.demo import clinic, flights, fraud
from apps.governance.demo.people import PASSWORD, PEOPLE, cast


class Command(BaseCommand):
    """Safe to run again: what is there stays, what is missing is added."""

    help = "Fill the installation with demo data, through the same actions a person uses."

    def handle(self, *args: Any, **options: Any) -> None:
        """Small things first, so that there is something to see at once."""

        def say(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        people = cast()
        say("Demo accounts, all with the password " + PASSWORD)
        for email, name, role in PEOPLE:
            say(f"  {email}  {name}, {role.label.lower()}")
        try:
            for part in (clinic, flights, fraud):
                part.build(people, say=say)
        except EngineError as error:
            raise CommandError(str(error)) from error
        say("The demo is ready.")
