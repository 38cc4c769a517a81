"""The data contract: rules that a table has to keep, drafted, checked on tables and on requests."""
