"""Calls to copy and paste, in the shell, in Python and in JavaScript (Node).

Token and, where a truth is told, the id of an answer come from the environment: TOKEN and ID.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from apps.engine.serving.openapi import EXAMPLE_ID

Snippets = list[tuple[str, str]]
"""Name of the language and text of each."""


def snippets(address: str, body: Mapping[str, Any] | None = None) -> Snippets:
    """One call: a body is sent, without one the address is read."""
    return [
        ("curl", _curl(address, body)),
        ("Python", _python(address, body)),
        ("JavaScript", _javascript(address, body)),
    ]


def snippets_of(description: Mapping[str, Any]) -> dict[str, Snippets]:
    """The calls of each door of an OpenAPI description, by its operationId.

    A batch is asked for and fetched in the snippets of its start.
    """
    told: dict[str, Snippets] = {}
    for path, methods in description["paths"].items():
        for operation in methods.values():
            name, address = operation["operationId"], address_of(description, operation, path)
            bodies = operation.get("requestBody", {}).get("content", {})
            if name == "startBatch":
                told[name] = _batch_snippets(address, bodies["text/csv"]["example"])
            else:
                body = bodies.get("application/json", {}).get("example")
                told[name] = [] if "{" in path else snippets(address, body)
    return told


def address_of(description: Mapping[str, Any], operation: Mapping[str, Any], path: str) -> str:
    """The whole address of a path of an OpenAPI description; an operation may have its own host."""
    servers = operation.get("servers") or description["servers"]
    return f"{servers[0]['url']}{path}"


def _curl(address: str, body: Mapping[str, Any] | None) -> str:
    if body is None:
        return f'curl {shlex.quote(address)} -H "Authorization: Bearer $TOKEN"'
    data = shlex.quote(json.dumps(body)).replace(EXAMPLE_ID, "'\"$ID\"'")
    return (
        f"curl -X POST {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\\n'
        f"  -d {data}"
    )


def _python(address: str, body: Mapping[str, Any] | None) -> str:
    data, kind = "", ""
    if body is not None:
        rows = repr(body).replace(repr(EXAMPLE_ID), 'os.environ["ID"]')
        data, kind = f"    json.dumps({rows}).encode(),\n", ', "Content-Type": "application/json"'
    headers = "" if data else "headers="
    return f"""import json, os, urllib.request

request = urllib.request.Request(
    {address!r},
{data}    {headers}{{"Authorization": "Bearer " + os.environ["TOKEN"]{kind}}},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))
"""


def _javascript(address: str, body: Mapping[str, Any] | None) -> str:
    """One expression, so that it can be pasted twice."""
    if body is None:
        return f"""console.log(await (await fetch({json.dumps(address)}, {{
  headers: {{ Authorization: "Bearer " + process.env.TOKEN }},
}})).json());"""
    data = json.dumps(body).replace(json.dumps(EXAMPLE_ID), "process.env.ID")
    return f"""console.log(await (await fetch({json.dumps(address)}, {{
  method: "POST",
  headers: {{ Authorization: "Bearer " + process.env.TOKEN, "Content-Type": "application/json" }},
  body: JSON.stringify({data}),
}})).json());"""


def _batch_snippets(address: str, file: str) -> Snippets:
    """A file of rows is sent, waited for, and its answers are fetched into answers.csv."""
    return [
        ("curl", _batch_curl(address, file)),
        ("Python", _batch_python(address, file)),
        ("JavaScript", _batch_javascript(address, file)),
    ]


def _batch_curl(address: str, file: str) -> str:
    """The last look tells how it ended, or why it was refused; then there is no answers.csv."""
    at = shlex.quote(address)
    return f"""printf %s {shlex.quote(file)} > rows.csv
AUTH="Authorization: Bearer $TOKEN"
SENT=$(curl -sS {shlex.quote(address + "?filename=rows.csv")} -H "$AUTH" --data-binary @rows.csv)
BATCH=$(echo "$SENT" | grep -oE '"batch": *[0-9]+' | grep -oE '[0-9]+')
while echo "$SENT" | grep -qE '"state": *"(waiting|running)"'; do
  sleep 2
  SENT=$(curl -sS {at}/$BATCH -H "$AUTH")
done
echo "$SENT"
curl -fsS {at}/$BATCH.csv -H "$AUTH" -o answers.csv"""


def _batch_python(address: str, file: str) -> str:
    """With an empty line after each block: so it may also be pasted line by line."""
    return f"""import json, os, pathlib, time, urllib.request

def call(address, body=None):
    headers = {{"Authorization": "Bearer " + os.environ["TOKEN"]}}
    return urllib.request.urlopen(urllib.request.Request(address, body, headers)).read()

batches = {address!r}
rows = {file!r}
batch = json.loads(call(batches + "?filename=rows.csv", rows.encode()))
while batch["state"] in ("waiting", "running"):
    time.sleep(2)
    batch = json.loads(call(f"{{batches}}/{{batch['batch']}}"))

print(batch["state"], batch["problem"] or f"{{batch['answered']}} of {{batch['rows']}} answered")
pathlib.Path("answers.csv").write_bytes(call(f"{{batches}}/{{batch['batch']}}.csv"))"""


def _batch_javascript(address: str, file: str) -> str:
    """In braces, so that it can be pasted twice."""
    return f"""{{
  const {{ writeFile }} = await import("node:fs/promises");
  const headers = {{ Authorization: "Bearer " + process.env.TOKEN }};
  const call = async (address, how) => {{
    const answer = await fetch(address, {{ headers, ...how }});
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }};
  const batches = {json.dumps(address)};
  const rows = {json.dumps(file)};
  const sent = await call(batches + "?filename=rows.csv", {{ method: "POST", body: rows }});
  let batch = await sent.json();
  while (["waiting", "running"].includes(batch.state)) {{
    await new Promise((done) => setTimeout(done, 2000));
    batch = await (await call(`${{batches}}/${{batch.batch}}`)).json();
  }}
  console.log(batch.state, batch.problem ?? `${{batch.answered}} of ${{batch.rows}} answered`);
  await writeFile("answers.csv", await (await call(`${{batches}}/${{batch.batch}}.csv`)).text());
}}"""
