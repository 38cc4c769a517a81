"""Names in the order of the alphabet, the same on every database."""

from typing import Any

from django.db.models.functions import Lower


class Alphabetical(Lower):
    """Small and capital letters alike: ``order_by(Alphabetical("name"))``.

    SQLite compares code points, PostgreSQL by the collation that it was set up with, which may
    leave out spaces and signs; here both compare code points of lower-case letters.
    """

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Compare code points."""
        template = '%(function)s(%(expressions)s) COLLATE "C"'
        return self.as_sql(compiler, connection, template=template, **more)
