"""Peers live in environments of their own, made on the first run: none is a dependency."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rig import servers


def environment(
    folder: Path, packages: Sequence[str], *, called: str, base: str = sys.executable
) -> str:
    """The Python of a virtual environment that has just these packages, made where it lacks them.

    Raises CannotMeasure where they cannot be installed; ``called``: the peer's name in words;
    ``base``: the Python that makes it.
    """
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.read_text().split("\n") != list(packages):
        shutil.rmtree(folder, ignore_errors=True)
        says = f"{called}, the peer, cannot be installed into its own environment"
        servers.run([base, "-m", "venv", str(folder)], says=says)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        servers.run([str(python), *install], says=says)
        stamp.write_text("\n".join(packages))
    return str(python)
