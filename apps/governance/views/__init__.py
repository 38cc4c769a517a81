"""Pages of the watch tower: projects, gates and what is said at them, notices, proof, the team."""
