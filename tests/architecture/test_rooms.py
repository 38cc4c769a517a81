"""No door of a room is left out of the contracts that keep other rooms from entering by it."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("views", "api", "forms", "tasks", "work")


def test_every_view_form_task_and_worker_of_a_room_is_protected():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    protected = {
        name
        for contract in contracts
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
