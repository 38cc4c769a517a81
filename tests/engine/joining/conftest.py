"""Small typed tables, as the tests of the recipe make them."""

from tests.engine.recipe.conftest import table, values

__all__ = ["table", "values"]
