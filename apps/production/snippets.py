"""Calls to copy and paste: the example row, in the shell, in Python and in JavaScript."""

import json
import shlex
from typing import Any


def snippets(address: str, row: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and text of each. The token is taken from the environment variable TOKEN."""
    body = {"rows": [row]}
    return [
        ("curl", _curl(address, body)),
        ("Python", _python(address, body)),
        ("JavaScript", _javascript(address, body)),
    ]


def _curl(address: str, body: dict[str, Any]) -> str:
    return (
        f"curl -X POST {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(json.dumps(body))}"
    )


def _python(address: str, body: dict[str, Any]) -> str:
    return f"""import json, os, urllib.request

request = urllib.request.Request(
    {address!r},
    json.dumps({body!r}).encode(),
    {{"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))"""


def _javascript(address: str, body: dict[str, Any]) -> str:
    return f"""const answer = await fetch({json.dumps(address)}, {{
  method: "POST",
  headers: {{ Authorization: "Bearer " + process.env.TOKEN, "Content-Type": "application/json" }},
  body: JSON.stringify({json.dumps(body)}),
}});
console.log(await answer.json());"""
