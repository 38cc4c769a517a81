"""README of a pack, in plain words: what is in it, how to check it, what that proves."""

from apps.projects.models import Cycle
from apps.projects.stages import Stage

_TEXT = """\
EVIDENCE PACK
{what}

What is in it
  pages/        each decision with its signature and evidence: open it in a browser. The file
                ending in .signed.html holds the bytes that the signer read on their screen; its
                SHA-256 is the one that the event of the decision gives as "page"
  records/      the records behind it, one JSON file for each kind
  ledger/       the ledger of the team up to the moment when this pack was made
  verify.py     checks the pack; needs Python 3.9 or newer and nothing else
  MANIFEST.json the SHA-256 of every file
{pdf}
How to check it
  1. Get verify.py from where you trust it (the source code of ML Cycle: apps/governance/pack).
     A copy lies in the pack; whoever changed the pack could have changed the copy.
  2. Get an anchor: the line NUMBER:HASH that was noted when the pack was made, or the file of
     anchors that the installation writes to another place.
  3. python3 verify.py pack.zip --anchor NUMBER:HASH
     python3 verify.py pack.zip --anchors anchors.jsonl

What it proves
  - No file was altered, removed or added since the pack was made: the last event of the ledger
    holds the hash of all of them.
  - No event of the ledger was altered, removed, inserted or moved: each holds the hash of the one
    before it.
  - Plans, submissions, decisions, met conditions, remarks, findings with their threads, accepted
    warnings, delegations, how the tier was found, openings of the sealed test and evaluations are
    as they were written: an event was written with each and holds its hash.
  - With an anchor: nothing before it was rewritten or cut off at the end.

What it does not prove
  - Without an anchor it proves only that the pack agrees with itself. Somebody could make a
    whole new pack with another history.
  - The seals of the ledger (HMAC), which only the holder of the installation's key can make and
    check, are not in the pack. The installation checks them with: manage.py verify_ledger
  - Events of other projects of the team are given as hashes: that they are there and in which
    order is proved, not what they say. How many there are can be seen.
  - Tables, splits, models, releases and findings are as they stood when the pack was made. That
    they were the same on the day of the decision is shown by the hashes in the decision's
    evidence and in the events.
  - A signature says that the software asked for the person's password. It is not a signature
    with a key that only this person holds.
"""
_NO_PDF = """
The PDF of the pages was left out: WeasyPrint, which makes it, was not installed.
"""


def readme(cycle: Cycle, stage: str, *, has_pdf: bool) -> bytes:
    """The text for this pack."""
    gate = f"the {Stage(stage).label.lower()} gate" if stage else "all gates"
    what = f"{cycle.project.name}, cycle {cycle.number}: {gate}"
    return _TEXT.format(what=what, pdf="" if has_pdf else _NO_PDF).encode()
