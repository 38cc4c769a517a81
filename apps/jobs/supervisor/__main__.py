"""``python -m apps.jobs.supervisor PLAN``: becomes the supervisor of the plan's parts."""

import sys
from pathlib import Path

from apps.jobs.supervisor.group import Group, GroupFailed
from apps.jobs.supervisor.parts import Plan


def main(plan_file: str) -> int:
    """Run the group until it is asked to end; 0 when it was, 1 when a part could not be kept."""
    try:
        Group(Plan.load(Path(plan_file))).run()
    except GroupFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
