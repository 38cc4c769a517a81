"""Commands of `manage.py` that run and check the installation."""
