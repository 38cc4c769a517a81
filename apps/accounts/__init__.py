"""People: the user, sign-in, profile and theme."""
