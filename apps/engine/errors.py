"""Every expected failure of the engine. Each message is one sentence that a user may read."""


class EngineError(Exception):
    """Something expected went wrong; ``str(error)`` says what, where and what to do."""


class BadParameter(EngineError):
    """An argument is outside what the function accepts."""


class BadFile(EngineError):
    """A file cannot be read as a table."""


class TooLarge(BadFile):
    """A file or table is beyond a stated limit."""


class BadQuery(EngineError):
    """A statement is not one that may be run, or the database refused it."""


class DatabaseAway(EngineError):
    """A database cannot be reached, or the connection to it broke."""


class ColumnMissing(EngineError):
    """A column that is needed is not in the table."""


class NotEnoughData(EngineError):
    """There are too few rows, or too few of one kind, to compute what was asked."""


class OutOfTime(EngineError):
    """The time that a person gave is over. What is finished is kept; nothing is broken."""


class Outraced(EngineError):
    """A candidate cannot win its race any more. What is finished is kept; nothing is broken."""


class BadModelFile(EngineError):
    """A model file does not match its record or contains a class that is not allowed."""


class Stopped(Exception):
    """Raised by a reporter when a person asked to stop. Not an EngineError."""
