"""`.env.example` and the settings name the same variables, with the same defaults."""

import re
from pathlib import Path

import environ
import pytest

pytestmark = pytest.mark.once  # no database at all
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()
SETTINGS = "\n".join(path.read_text() for path in (ROOT / "mlcycle_site/settings").glob("*.py"))
READ = dict(
    re.findall(
        r"env\.(?:str|bool|int|float|list|db|email)\(\s*\"([A-Z_]+)\"(?:,\s*default=(.*?))?\)"
        r"(?=$|[ ,\]})]|\n)",
        SETTINGS,
        re.MULTILINE,
    )
)
SHOWN = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
OFFERED = set(re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def test_the_reader_of_the_settings_sees_every_call():
    assert len(READ) == len(set(re.findall(r"env\.[a-z]+\(\s*\"([A-Z_]+)\"", SETTINGS)))
    assert {"DATABASE_URL", "REDIS_URL", "MLCYCLE_VAR", "SECRET_KEY", "DEBUG"} <= set(READ)


def test_every_setting_is_in_the_example():
    assert set(READ) - set(SHOWN) - OFFERED == set()


def test_every_variable_of_the_example_is_a_setting():
    assert (set(SHOWN) | OFFERED) - set(READ) == set()


def test_every_variable_of_the_example_has_a_sentence_above():
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(# )?[A-Z_]+=", line):
            above = next(
                before
                for before in reversed(lines[:number])
                if not re.match(r"(# )?[A-Z_]+=", before)
            )
            assert re.match(r"# [A-Z].{10,}", above), f"no sentence above {line}"


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_shown_value_is_the_default(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, SHOWN[name])
    env = environ.Env()
    default = READ[name]
    if default in ("True", "False"):
        assert env.bool(name) == (default == "True")
    elif default.startswith("["):
        assert env.list(name) == re.findall(r'"([^"]+)"', default)
    else:
        assert SHOWN[name] == default.strip('"').replace("_", "")


def test_no_secret_stands_in_the_example():
    assert not {"SECRET_KEY", "MLCYCLE_LEDGER_KEY"} & set(SHOWN)
    assert "insecure" not in EXAMPLE
