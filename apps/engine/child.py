"""The child's side: reads one call from standard input, runs it, tells progress line by line.

Run as ``python -m apps.engine.child``. Only functions of ``apps.engine`` can be called. Lines
that start with @progress, @result or @error are ours; everything else is log.
"""

import importlib
import json
import logging
import os
import sys
from typing import Any

from apps.engine.errors import BadParameter, EngineError
from apps.engine.recipe.pseudonyms import take_key_from


def _tell(kind: str, body: Any) -> None:
    sys.stdout.write(f"@{kind} {json.dumps(body, allow_nan=False)}\n")
    sys.stdout.flush()


def _report(done: int, total: int, says: str) -> None:
    _tell("progress", [done, total, says])


def call(request: dict[str, Any]) -> dict[str, Any]:
    """Run ``{"call": "apps.engine.x:function", "arguments": {...}}`` and return its result.

    "pseudonym_key" (hexadecimal) is there when a recipe among the arguments needs it.
    """
    if key := request.get("pseudonym_key"):
        take_key_from(lambda: bytes.fromhex(key))
    module, _, name = str(request["call"]).partition(":")
    if not module.startswith("apps.engine."):
        raise BadParameter(f"{module} is not part of the engine.")
    function = getattr(importlib.import_module(module), name)
    result: dict[str, Any] = function(**request["arguments"], report=_report)
    return result


def main() -> int:
    """Answer one request; exit code 0 even for an expected error, which is an answer too."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
    logging.getLogger("apps.engine").setLevel(logging.INFO)
    request = json.loads(sys.stdin.readline())
    try:
        _tell("result", call(request))
    except EngineError as error:
        _tell("error", {"kind": type(error).__name__, "says": str(error)})
    except MemoryError:
        _tell("error", {"kind": "MemoryError", "says": ""})
    sys.stdout.flush()
    # Threads of numerical libraries may hang at exit; everything is written by now.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
