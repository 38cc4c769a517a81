"""Figures against peers and floors, each measured in one run: ``make bench B=<name>``.

One module here is one benchmark; what they share is in ``rig``. A benchmark ends with one line of
JSON (see ``rig.figures.closing_line``) and with an exit code other than 0 only when it could not
measure.
"""

import mlcycle_site  # noqa: F401  (what it tells numpy of the processor comes before numpy)
