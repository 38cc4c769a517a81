"""No file of a room is left out of the contracts about doors and directions."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("views", "api", "forms", "tasks", "work")
KINDS = "urls|admin|views|forms|actions|tasks|work|checks|queries|models"


def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


def test_every_view_form_task_and_worker_of_a_room_is_protected():
    protected = {
        name
        for contract in contracts()
        if contract["type"] == "protected"
        for name in contract["protected_modules"]
    }
    there = {
        f"apps.{room.name}.{door}"
        for room in (ROOT / "apps").iterdir()
        for door in DOORS
        if (room / f"{door}.py").is_file() or (room / door / "__init__.py").is_file()
        if room.name not in {"web", "engine"}
    }
    assert len(there) > 20
    assert there <= protected


def test_a_file_that_is_named_after_a_kind_has_the_place_of_its_kind():
    (inside,) = (each for each in contracts() if each["name"] == "Inside a room")
    layer_of = {
        name: place
        for place, layer in enumerate(inside["layers"])
        for name in re.findall(r"\w+", layer)
    }
    named = {
        path.stem: kind[1]
        for path in ROOT.glob("apps/*/*.py")
        if (kind := re.search(rf"_({KINDS})$", path.stem))
    }
    assert len(named) > 20
    assert {name: layer_of.get(name) for name in named} == {
        name: layer_of[kind] for name, kind in named.items()
    }
