"""On a processor that is slow in some instructions, numpy is told to leave them."""

import os
import subprocess
import sys

import pytest

from mlcycle_site.processor import SLOW, is_zen_4, spare_slow_instructions

WIDE = "fpu sse2 avx avx2 avx512f avx512dq avx512bw avx512vl avx512vbmi2"


def cpuinfo(vendor, family, flags):
    facts = {"processor": 0, "vendor_id": vendor, "cpu family": family, "flags": flags}
    one = "".join(f"{name}\t: {value}\n" for name, value in facts.items())
    return f"{one}\n{one}"


@pytest.mark.once
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (cpuinfo("AuthenticAMD", 25, WIDE), True),  # Zen 4
        (cpuinfo("AuthenticAMD", 25, "fpu sse2 avx avx2"), False),  # Zen 3
        (cpuinfo("AuthenticAMD", 26, WIDE), False),  # Zen 5
        (cpuinfo("GenuineIntel", 6, WIDE), False),
        ("processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd\n", False),  # an ARM
        ("", False),
    ],
)
def test_only_zen_4_is_known_as_slow(told, expected, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(told)
    environ = {}
    spare_slow_instructions(environ, told=file)
    assert is_zen_4(told) is expected
    assert environ == ({"NPY_DISABLE_CPU_FEATURES": SLOW} if expected else {})


@pytest.mark.once
def test_a_choice_of_the_users_stays_and_another_system_is_left_alone(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo("AuthenticAMD", 25, WIDE))
    environ = {"NPY_DISABLE_CPU_FEATURES": ""}
    spare_slow_instructions(environ, told=file)
    spare_slow_instructions(environ, told=tmp_path / "none")
    assert environ == {"NPY_DISABLE_CPU_FEATURES": ""}


@pytest.mark.once
def test_numpy_knows_what_it_is_told_to_leave():
    code = (
        "import mlcycle_site, numpy\n"
        "from numpy._core._multiarray_umath import __cpu_features__ as has\n"
        "from pathlib import Path\n"
        "told = Path('/proc/cpuinfo')\n"
        "slow = told.exists() and mlcycle_site.processor.is_zen_4(told.read_text())\n"
        "names = mlcycle_site.processor.SLOW.split()\n"
        "assert all(name in has for name in names), sorted(has)\n"
        "assert not slow or not any(has[name] for name in names)\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "NPY_DISABLE_CPU_FEATURES"}
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        env={**env, "DJANGO_SETTINGS_MODULE": "mlcycle_site.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
