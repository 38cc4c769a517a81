"""What a reviewer would ask of a plan; ``apps.planning.problems`` puts it together."""
