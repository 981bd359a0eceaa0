"""What the operator is told when a run goes on: at a site, of the instrument that he is at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from captures.case import Case
from fixtures.bench import Bench
from fixtures.clock import VirtualClock
from fixtures.recorder import Recorder
from harness.enact import Enactor
from harness.resuming import tell
from harness.standing import Pressed, read_standing
from harness.step import Deliver


class Asked:
    """People who are told something and confirm it."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def ask(self, verb: str, text: str, **_: object) -> dict[str, Any]:
        self.texts.append(text)
        return {}


PRESSES = (
    Pressed(10, "remote", True, "N4"),
    Pressed(20, "remote", True, "N4"),
    Pressed(30, "remote", False, "N1"),
    Pressed(40, "key", True, "N1"),
)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("N4", ["remote on record so far: 2"]),
        ("N1", ["remote on record so far: 1", "key on record so far: 1"]),
        ("", []),
    ],
)
def test_presses_of_other_instruments_are_not_counted(
    at: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    people = Asked()
    bench = cast(Bench, SimpleNamespace(recorder=SimpleNamespace(instrument=at)))
    tell(bench, cast(Enactor, SimpleNamespace(people=people)), Deliver("E1", 5), PRESSES)  # type: ignore[arg-type]
    [text] = people.texts
    assert text.count("on record so far") == len(told)
    assert all(f"(presses of the {one})" in text for one in told)


def test_a_recorded_press_belongs_to_the_instrument_that_was_under_test(tmp_path: Any) -> None:
    case = Case.create(tmp_path / "case")
    recorder = Recorder.create(case.journal, VirtualClock(), {"plan": "p", "bench": "b"})
    for at, t_ns in (("", 1), ("N4", 2), ("N1", 3)):
        recorder.instrument = at
        recorder.entry("pressed", n=0, t_ns=t_ns, what="remote")
        if at == "N4":
            recorder.mark(t_ns, "runner", "press-remote")
    recorder.close("complete")
    assert read_standing(case.journal).presses == (
        Pressed(1, "remote", False, ""), Pressed(2, "remote", True, "N4"), Pressed(3, "remote", False, "N1")
    )  # fmt: skip
