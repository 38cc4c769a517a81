"""A peer's own virtual environment, made on the first run."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rig import servers


def peer_python(folder: Path, packages: Sequence[str], *, base: str = sys.executable) -> str:
    """The Python of a peer's own environment with these packages. Raises CannotMeasure.

    ``base``: the Python that it is made from; some peers want an older one.
    """
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.read_text().split() != list(packages):
        shutil.rmtree(folder, ignore_errors=True)
        says = f"{packages[0]}, the peer, cannot be installed into its own environment"
        servers.run([base, "-m", "venv", str(folder)], says=says)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        servers.run([str(python), *install], says=says)
        stamp.write_text("\n".join(packages))
    return str(python)
