"""What people do in the watch tower: one file for each concept."""
