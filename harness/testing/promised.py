"""What the readings of a driver hold, against the roles that its plugin says it fills (fixtures/roles.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from fixtures.capability import InstrumentSpec
from fixtures.errors import InstrumentError
from fixtures.roles import DUTIES, decimals, lacking
from harness.testing.attempts import attempt
from harness.testing.stands import Stand
from harness.testing.wanted import Broken, want

ASKED = ("weigh", "mass")  # roles whose verb takes no arguments, so that the kit can ask by itself


@contextmanager
def held_to_its_roles(spec: InstrumentSpec, driver: object) -> Iterator[None]:
    """Broken where a verb that is called below gives less than its role is for."""
    with ExitStack() as undo:
        for role in sorted(spec.provides):
            verb = DUTIES[role].verb
            if verb and callable(given := getattr(type(driver), verb, None)):
                undo.enter_context(mock.patch.object(type(driver), verb, _held(spec, role, given)))
        yield


def _held(spec: InstrumentSpec, role: str, given: Callable[..., Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    def verb(*args: Any, **more: Any) -> Mapping[str, Any]:
        told = given(*args, **more)
        check_reading(spec, role, told)
        return told

    return verb


def check_reading(spec: InstrumentSpec, role: str, told: Mapping[str, Any]) -> None:
    duty = DUTIES[role]
    where = f"{spec.name}: role {role} expected {duty.verb}() to give {', '.join(duty.keys)} as exact decimals"
    missing = lacking(role, decimals(told))
    want(not missing, f"{where}, without which nothing is measured", f"no {', '.join(missing)} in {dict(told)}")


def check_asked(at: Stand, where: str) -> None:
    """One reading for each role whose verb takes no arguments, whatever `does` asked for."""
    for role in sorted(set(ASKED) & at.trial.spec.provides):
        verb = getattr(at.driver, DUTIES[role].verb, None)
        want(callable(verb), f"{where}: role {role} expected a driver that can {DUTIES[role].verb}()", at.driver)
        assert verb is not None
        told = attempt(at, verb, f"{where}: {DUTIES[role].verb}")
        if isinstance(told, InstrumentError):
            raise Broken(f"{where}: on a clean line {DUTIES[role].verb} expected a reading; got {told!r}")
        check_reading(at.trial.spec, role, told)
