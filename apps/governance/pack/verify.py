#!/usr/bin/env python3
"""Check an evidence pack of ML Cycle without ML Cycle: Python 3.9 or newer, nothing else.

    python3 verify.py pack.zip
    python3 verify.py pack.zip --anchor 1041:9f2c77d04b...     (a head noted on paper or in a mail)
    python3 verify.py pack.zip --anchors anchors.jsonl     (the file of anchors, kept elsewhere)

Take this file from a source that you trust, not from the pack that you check.

Exit code 0: nothing was altered, removed, inserted, reordered or cut off; an anchor proves the end.
Exit code 1: something was; each finding names the file or the event.
Exit code 2: it cannot be read.
Exit code 3: it agrees with itself, but no anchor vouches for its end (a pack made anew does too).
"""

import argparse
import hashlib
import json
import sys
import unicodedata
import zipfile
import zlib

FORMAT = "mlcycle-pack-1"
GENESIS = "0" * 64
WHOLE_AS_FLOAT = 10**16
WITH_EVENT = """eda.sealedlook eda.sealedsight governance.delegation governance.findingclosing
governance.findingreply governance.gatefinding governance.gatenote governance.revocation
governance.warningaccepted modeling.evaluation modeling.opening planning.plan production.drill
production.fallback production.switch projects.conditionmet projects.decision projects.submission
projects.tiering""".split()
DIGITS = 16  # of a hash that was noted; with fewer somebody could search for another event


class Unreadable(Exception):
    """The pack or the anchors are not what they should be at all."""


def plain(value):
    """As ML Cycle writes values: text in NFC, floats (and whole numbers from 1e16) to 6 digits."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= WHOLE_AS_FLOAT):
        return float("%.6g" % float(value)) + 0.0
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def canonical(value):
    """JSON with sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def sha256(data):
    """SHA-256 as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parsed(data, name):
    """JSON in which no key stands twice: readers might understand that differently."""

    def once(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is not proper JSON: {error}") from error


class Pack:
    """The files of a pack, and what was found out about them."""

    def __init__(self, path):
        self.faults, self.told, self.files = [], [], {}
        try:
            with zipfile.ZipFile(path) as archive:
                self.read(archive)
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise Unreadable(f"{path} cannot be read as a zip: {error}") from error

    def read(self, archive):
        """Read every file; name those that are damaged or stand twice."""
        for entry in archive.infolist():
            if entry.filename in self.files:
                self.faults.append(f"{entry.filename} was inserted: it stands twice in the zip")
            try:
                self.files[entry.filename] = archive.read(entry)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                self.faults.append(f"{entry.filename} was altered: it is damaged ({error})")
                self.files[entry.filename] = b""

    def json(self, name):
        """One file, parsed; a missing one is empty and so not proper."""
        return parsed(self.files.get(name, b""), name)

    def check_files(self):
        """Compare every file with the manifest."""
        manifest = self.json("MANIFEST.json")
        if manifest.get("format") != FORMAT:
            raise Unreadable(f"This verifier reads {FORMAT}; the pack is something else")
        wanted = manifest["files"]
        for name in sorted(set(wanted) | set(self.files) - {"MANIFEST.json"}):
            if name not in self.files:
                self.faults.append(f"{name} was removed: the manifest names it")
            elif name not in wanted:
                self.faults.append(f"{name} was inserted: the manifest does not name it")
            elif sha256(self.files[name]) != wanted[name]:
                self.faults.append(f"{name} was altered: the manifest has another hash of it")
        self.told.append(f"{len(wanted)} files were compared with the manifest.")

    def contents(self):
        """The hash by which the last event of the ledger vouches for all other files."""
        own = [n for n in self.files if n != "MANIFEST.json" and not n.startswith("ledger/")]
        return sha256(canonical({name: sha256(self.files[name]) for name in own}))


def link_of(event, chain):
    """The public hash of an event: over chain, number, event before, key's name, body."""
    body = sha256(canonical(event["body"])) if "body" in event else event["body_sha256"]
    parts = ["mlcycle-link-1", chain, event["seq"], event["previous"], event["key"], body]
    return sha256(":".join(map(str, parts)).encode())


def first_break(events, chain):
    """Sentence about the first event that does not hold; empty when all do."""
    before, numbers = GENESIS, [event["seq"] for event in events]
    for expected, event in enumerate(events, start=1):
        seq = event["seq"]
        if seq != expected:
            if seq in numbers[: expected - 1]:
                return f"Event {seq} was inserted: it stands twice"
            if expected in numbers[expected:]:
                return f"Event {expected} was reordered: event {seq} stands in its place"
            return f"Event {expected} was removed"
        if link_of(event, chain) != event["hash"]:
            return f"Event {seq} was altered: it does not have its hash"
        if event["previous"] != before:
            return f"Event {seq} does not follow the event before it: one of them was replaced"
        before = event["hash"]
    return ""


def check_ledger(pack):
    """Follow the links from the first event to the one that vouches for the files."""
    head, lines = pack.json("ledger/head.json"), pack.files.get("ledger/events.jsonl", b"")
    events = [parsed(line, f"Ledger line {n}") for n, line in enumerate(lines.splitlines(), 1)]
    broken = first_break(events, head["chain"])
    if broken:
        pack.faults.append(broken)
    last = events[-1] if events else {"seq": 0, "hash": GENESIS}
    if (last["seq"], last["hash"]) != (head["seq"], head["hash"]):
        pack.faults.append(
            f"The ledger was cut off or its head altered: it ends with event {last['seq']}, "
            f"the head says {head['seq']}"
        )
    body, hidden = last.get("body", {}), sum("body" not in event for event in events)
    if body.get("verb") != "ledger.pack_made":
        pack.faults.append("The last event does not vouch for this pack: the end was cut off")
    elif body["facts"].get("contents") != pack.contents():
        pack.faults.append(
            f"The files are not those that event {last['seq']} vouches for: a file was altered, "
            "removed or inserted after the pack was made"
        )
    elif body["facts"].get("hidden") != hidden:
        pack.faults.append(f"The body of an event was removed: {hidden} are given as hashes only")
    pack.told.append(f"{len(events)} events follow each other; {hidden} are given as hashes only.")
    return head, events


def records_of(pack):
    """Every record of the pack: file and fields by kind and id."""
    return {
        (row["model"], row["pk"]): (name, row["fields"])
        for name in sorted(pack.files)
        if name.startswith("records/")
        for row in pack.json(name)
    }


def check_page(pack, fields, event):
    """The page that was read at a decision, against the hash that its event gives."""
    read = event["body"]["facts"].get("page")
    name = "pages/{stage}-{number}.signed.html".format(**fields) if read else ""
    if name in pack.files and sha256(pack.files[name]) != read:
        pack.faults.append(f"{name} is not the page that was signed in event {event['seq']}")


def check_records(pack, events):
    """Records and signed pages against their events, and against the hashes that they hold."""
    records, told = records_of(pack), set()
    for event in events:
        row = event.get("body", {}).get("facts", {}).get("row")
        key = (row["model"], row["pk"]) if row else None
        if key in records:
            told.add(key)
            name, fields = records[key]
            shown = {field: fields.get(field) for field in row["fields"].split(",")}
            if sha256(canonical(shown)) != row["sha256"]:
                pack.faults.append(f"{name}: {key} does not match event {event['seq']}")
            check_page(pack, fields, event)
    for key, (name, fields) in records.items():
        if key[0] in WITH_EVENT and key not in told:
            pack.faults.append(f"{name}: {key} has no event in the ledger")
        for hash_of, value in (("evidence_hash", "evidence"), ("content_hash", "content")):
            both = hash_of in fields and value in fields
            if both and sha256(canonical(fields[value])) != fields[hash_of]:
                pack.faults.append(f"{name}: {key} does not have its {hash_of}")
    pack.told.append(f"{len(told)} records were compared with their events.")


def read_anchors(path, chain):
    """Number and hash of the anchors of this ledger in the file."""
    try:
        with open(path, "rb") as file:
            lines = [parsed(line, path) for line in file if line.strip()]
        return [(int(line["seq"]), line["hash"]) for line in lines if line["chain"] == chain]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"The anchors in {path} cannot be read: {error}") from error


def read_anchor(text):
    """Number and hash of an anchor that was noted."""
    seq, _, start = text.partition(":")
    if not seq.isdecimal() or len(start) < DIGITS:
        raise Unreadable(f"{text} is not an anchor: give SEQ:HASH, {DIGITS} digits or more")
    return int(seq), start.lower()


def check_anchors(pack, events, head, noted, kept):
    """Compare with anchors; True when one of them is the head of the pack."""
    by_seq = {event["seq"]: event["hash"] for event in events}
    end, proven = head["seq"], 0
    for seq, start in sorted(noted + kept):
        if seq in by_seq and by_seq[seq].startswith(start):
            proven = seq
        elif seq in by_seq:
            pack.faults.append(f"Event {seq} is not the anchored one: the ledger was rewritten")
            break
        elif (seq, start) in noted:
            pack.faults.append(f"Event {seq} was anchored and is cut off: the pack ends with {end}")
    later = [seq for seq, _ in kept if seq > end]
    if later and proven < end and not any(seq == end for seq, _ in kept):
        pack.faults.append(
            f"Event {later[0]} was anchored and the end of this pack, event {end}, was not, as the "
            "end of every pack is: it was cut off or made anew, or these are other anchors"
        )
    if proven:
        pack.told.append(f"Anchors vouch for the ledger up to event {proven} of {end}.")
    return proven == end


def main(arguments=None):
    """Check and tell; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check an evidence pack of ML Cycle.")
    parser.add_argument("pack")
    parser.add_argument("--anchor", metavar="SEQ:HASH", action="append", default=[])
    parser.add_argument("--anchors", metavar="FILE", action="append", default=[])
    options, pack = parser.parse_args(arguments), None
    try:
        pack = Pack(options.pack)
        noted = [read_anchor(text) for text in options.anchor]
        pack.check_files()
        head, events = check_ledger(pack)
        check_records(pack, events)
        kept = [found for path in options.anchors for found in read_anchors(path, head["chain"])]
        anchored = check_anchors(pack, events, head, noted, kept)
    except (Unreadable, KeyError, TypeError, AttributeError, ValueError) as error:
        faults = pack.faults if pack else []
        say("WRONG", [*faults, f"It cannot be read to its end: {error}"])
        return 1 if faults else 2
    say("     ", pack.told)
    say("WRONG", pack.faults)
    if pack.faults:
        return 1
    say("HOLDS", [f"Files, records and ledger agree, up to event {head['seq']}:{head['hash']}"])
    if anchored:
        say("HOLDS", ["An anchor vouches for the end: nothing was rewritten or cut off"])
        return 0
    say("NOTE ", ["No anchor vouches for the end: compare the line above with a noted head"])
    return 3


def say(word, sentences):
    """Print sentences behind a word."""
    for says in sentences:
        print(f"{word}  {says.rstrip('.')}.")


if __name__ == "__main__":
    sys.exit(main())
