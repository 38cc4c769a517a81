"""The watch: what is looked at, what goes wrong, what follows."""
