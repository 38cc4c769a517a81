"""Parameters of a recipe's step as a person types them, and back."""

from typing import Any

from apps.engine.recipe.step import Declared, Parameter


def typed(parameter: Parameter, value: Any) -> Any:
    """A parameter from what was typed into its field."""
    if parameter.input == "texts":
        return [line for line in value.splitlines() if line]
    if parameter.input == "mapping":
        pairs = [line.partition("=>") for line in value.splitlines() if line.strip()]
        return [[source.strip(), target.strip() or None] for source, _, target in pairs]
    return value


def written(step: type[Declared], params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as they are typed, by field: ``typed`` makes them of it."""
    data = {}
    for parameter in step.parameters:
        value = params.get(parameter.name)
        if value is None or parameter.input == "kind":
            continue
        if parameter.input == "mapping":
            value = "\n".join(f"{source} => {to or ''}".rstrip() for source, to in value)
        elif parameter.input == "texts":
            value = "\n".join(value)
        data[parameter.name] = value
    return data
