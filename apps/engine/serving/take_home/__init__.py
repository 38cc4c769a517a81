"""A release to take home: one folder that answers as the endpoint does, without ML Cycle."""
