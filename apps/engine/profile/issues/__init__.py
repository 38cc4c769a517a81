"""What is wrong with a table, why it matters, and which steps would mend it."""
