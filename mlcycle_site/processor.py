"""numpy is kept from instructions in which the processor is slow. Called before numpy is imported.

Zen 4 of AMD (EPYC 9004, Ryzen 7000) knows AVX-512, but does the one instruction of it on which
numpy's sorts rest, the compressing store, in microcode: they take five times as long as with AVX2
(docs/benchmarks.md). Known there as numpy/x86-simd-sort#6; Zen 5 is not concerned.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path

SLOW = "X86_V4 AVX512_ICL"
"""What numpy calls the sets of instructions that Zen 4 has of AVX-512."""
_ASKED = "NPY_DISABLE_CPU_FEATURES"


def spare_slow_instructions(
    environ: MutableMapping[str, str] = os.environ, *, told: Path = Path("/proc/cpuinfo")
) -> None:
    """Tell numpy, in this process and its children, what to leave; a choice of the user's stays."""
    try:
        text = told.read_text()
    except OSError:  # no Linux
        return
    if is_zen_4(text):
        environ.setdefault(_ASKED, SLOW)


def is_zen_4(told: str) -> bool:
    """Whether the kernel tells of Zen 4: family 25 with AVX-512, which Zen 3 of it has not."""
    first, _, _ = told.partition("\n\n")
    lines = (line.partition(":") for line in first.splitlines())
    facts = {name.strip(): value.strip() for name, _, value in lines}
    return (
        facts.get("vendor_id") == "AuthenticAMD"
        and facts.get("cpu family") == "25"
        and "avx512f" in facts.get("flags", "").split()
    )
