"""What `/readyz` asks: small checks that raise while a part is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from verifier.errors import VerifierError

OK = "ok"


@dataclass(frozen=True)
class Probe:
    """`check` returns nothing when the part works and raises a VerifierError when it does not."""

    name: str
    check: Callable[[], None]


def run(probes: Sequence[Probe]) -> dict[str, str]:
    """Every probe's state: `ok` or the code of its error."""
    states: dict[str, str] = {}
    for probe in probes:
        try:
            probe.check()
        except VerifierError as error:
            states[probe.name] = error.code
        else:
            states[probe.name] = OK
    return states
