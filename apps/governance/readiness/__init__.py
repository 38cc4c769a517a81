"""How ready for production: the ML Test Score, counted from what our record shows and no more."""
