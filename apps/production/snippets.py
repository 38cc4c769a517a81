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
    base, told = description["servers"][0]["url"], {}
    for path, methods in description["paths"].items():
        for operation in methods.values():
            name, address = operation["operationId"], f"{base}{path}"
            bodies = operation.get("requestBody", {}).get("content", {})
            if name == "startBatch":
                told[name] = _batch_snippets(address, bodies["text/csv"]["example"])
            else:
                body = bodies.get("application/json", {}).get("example")
                told[name] = [] if "{" in path else snippets(address, body)
    return told


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
    print(json.load(answer))"""


def _javascript(address: str, body: Mapping[str, Any] | None) -> str:
    if body is None:
        return f"""const answer = await fetch({json.dumps(address)}, {{
  headers: {{ Authorization: "Bearer " + process.env.TOKEN }},
}});
console.log(await answer.json());"""
    data = json.dumps(body).replace(json.dumps(EXAMPLE_ID), "process.env.ID")
    return f"""const answer = await fetch({json.dumps(address)}, {{
  method: "POST",
  headers: {{ Authorization: "Bearer " + process.env.TOKEN, "Content-Type": "application/json" }},
  body: JSON.stringify({data}),
}});
console.log(await answer.json());"""


def _batch_snippets(address: str, file: str) -> Snippets:
    """A file of rows is sent, waited for, and its answers are fetched into answers.csv."""
    return [
        ("curl", _batch_curl(address, file)),
        ("Python", _batch_python(address, file)),
        ("JavaScript", _batch_javascript(address, file)),
    ]


def _batch_curl(address: str, file: str) -> str:
    at = shlex.quote(address)
    return f"""printf %s {shlex.quote(file)} > rows.csv
AUTH="Authorization: Bearer $TOKEN"
BATCH=$(curl -sS {shlex.quote(address + "?filename=rows.csv")} -H "$AUTH" --data-binary @rows.csv |
  grep -oE '"batch": *[0-9]+' | grep -oE '[0-9]+')
while curl -sS {at}/$BATCH -H "$AUTH" | grep -qE '"state": *"(waiting|running)"'; do sleep 2; done
curl -sS {at}/$BATCH.csv -H "$AUTH" -o answers.csv"""


def _batch_python(address: str, file: str) -> str:
    return f"""import json, os, time, urllib.request

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
with open("answers.csv", "wb") as answers:
    answers.write(call(f"{{batches}}/{{batch['batch']}}.csv"))"""


def _batch_javascript(address: str, file: str) -> str:
    return f"""const {{ writeFile }} = await import("node:fs/promises");
const headers = {{ Authorization: "Bearer " + process.env.TOKEN }};
const batches = {json.dumps(address)};
const rows = {json.dumps(file)};
const sent = await fetch(batches + "?filename=rows.csv", {{ method: "POST", headers, body: rows }});
let batch = await sent.json();
while (["waiting", "running"].includes(batch.state)) {{
  await new Promise((done) => setTimeout(done, 2000));
  batch = await (await fetch(`${{batches}}/${{batch.batch}}`, {{ headers }})).json();
}}
console.log(batch.state, batch.problem ?? `${{batch.answered}} of ${{batch.rows}} answered`);
const answers = await fetch(`${{batches}}/${{batch.batch}}.csv`, {{ headers }});
await writeFile("answers.csv", await answers.text());"""
