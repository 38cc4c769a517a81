"""Files in, typed tables out: nothing is guessed silently and nothing is lost uncounted."""
