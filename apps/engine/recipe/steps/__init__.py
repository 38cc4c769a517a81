"""One file per step. ``apps.engine.recipe.registry`` lists them."""
