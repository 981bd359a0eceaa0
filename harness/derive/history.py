"""How a run was made, for its verdict: starts and gaps, attempts that do not stand, changes, corrections, clock steps.

None of it is judged.  A court must see it all the same: whoever ends the program at the right moment has a sale begin
anew, and the sale that is judged then is not the only one there was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from captures.errors import IntegrityError
from harness.derive.recorded import Recorded
from harness.derive.spans import VOID
from harness.judge.contract import Segment

MEASURED = (
    "Deliver",
    "Continue",
    "Shut",
    "Read",
    "Weigh",
    "Prove",
    "Press",
    "PowerCycle",
    "Load",
    "Keys",
    "Drive",
    "Hire",
    "Stand",
    "Vacate",
    "Work",
)
"""Steps whose outcome is told; what was asked of people about people is not."""
GONE_ON = "the run was complete and was gone on with"  # why of a gap that cut nothing
NAMES = ("label", "what", "control", "key", "id", "letter")


def history(recorded: Recorded, found: Sequence[Segment] = ()) -> dict[str, Any]:
    """`starts` of the program; with their journal `place`: `gaps` between them, `superseded` attempts with what was
    measured in them, `extensions` that were registered after its end, `changes` that were accepted, `corrections` of answers, `clock_steps`, and what was `taken_as_done`
    after a cut because the operator said so; of its segments `found`, `line_faults`: what came on a scale's line and does not count,
    `loads_not_used`, whose weights were found to be others, and `balance_wrong`, on which goods were weighed.  IntegrityError where a record lacks what its kind promises."""
    teller = _Teller()
    for place, body in recorded.entries:
        try:
            teller.take(place, body)
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise IntegrityError(
                f"{place}: a {body.get('kind')} record lacks what it must hold ({type(error).__name__}: {error}); "
                "this journal was not written by a run of this version"
            ) from None
    searched = list(teller.found.pop("searched", {}).values())  # one that was entered again after a cut counts once
    return {
        "starts": len(recorded.spans), **teller.found, **_of_loadings(found), **({"searched": searched} if searched else {}),
    }  # fmt: skip


def _of_loadings(found: Sequence[Segment]) -> dict[str, Any]:
    """Each reason once, with the stretches of its kind and the loadings in which they were; a key is absent where there is none."""
    faults: dict[tuple[str, str], dict[str, Any]] = {}
    for segment in found:
        for station, reasons in segment.context.get("line_faults", {}).items():
            for why, count in reasons.items():
                one = faults.setdefault(
                    (station, why), {"station": station, "why": why, "stretches": 0, "loadings": []}
                )
                one["stretches"] += count
                one["loadings"].append(segment.id)
    doubted = [
        {"loading": segment.id, "asked_kg": str(segment.context["asked_kg"]), **segment.context["weights_checked"]}
        for segment in found
        if "weights_checked" in segment.context
    ]
    goods = [(segment.id, segment.context["balance_wrong"]) for segment in found if "balance_wrong" in segment.context]
    return {
        **({"line_faults": list(faults.values())} if faults else {}),
        **({"loads_not_used": doubted} if doubted else {}),
        **({"balance_wrong": {**goods[0][1], "loadings": [name for name, _ in goods]}} if goods else {}),
    }


class _Teller:
    def __init__(self) -> None:
        self.found: dict[str, Any] = {
            "gaps": [], "superseded": [], "extensions": [], "changes": [], "corrections": [], "clock_steps": [], "taken_as_done": [],
        }  # fmt: skip
        self._open: dict[int, dict[str, Any]] = {}  # superseded attempts by step number
        self._steps: dict[int, Mapping[str, Any]] = {}

    def take(self, place: str, body: Mapping[str, Any]) -> None:
        found = self.found
        match body.get("kind"):
            case "gap":
                cut = body.get("cut")
                begin_ns, end_ns = int(body["from_ns"]), int(body["to_ns"])
                found["gaps"].append(
                    {
                        "place": place, "from_s": begin_ns / 1e9, "to_s": end_ns / 1e9, "utc_from": str(body.get("utc_from", "")),
                        "utc_to": str(body.get("utc_to", "")), "why": str(body.get("why", "")),
                        "in": named(cut["step"]) if cut else "",
                    }
                )  # fmt: skip
            case "step":
                self._steps[int(body["n"])] = body["step"]
                if body["step"]["type"] == "Searched":
                    found.setdefault("searched", {})[int(body["n"])] = dict(body["step"])
            case kind if kind == f"{VOID}step":
                attempt = {
                    "place": place, "instrument": str(body.get("instrument", "")), "step": named(body["step"]),
                    "attempt": int(body.get("attempt", 1)), "begin_s": int(body["t_ns"]) / 1e9, "value": None,
                }  # fmt: skip
                self._open[int(body["n"])] = attempt
                found["superseded"].append(attempt)
            case kind if kind == f"{VOID}outcome":
                attempted = self._open.pop(int(body["n"]), None)  # None: of a walk, begun at another instrument
                value = dict(body["value"])
                if attempted is not None and ("fault" in value or attempted["step"].split()[0] in MEASURED):
                    attempted["value"] = value
            case "outcome" if body["value"].get("after_cut") is True and int(body["n"]) in self._steps:
                found["taken_as_done"].append({"place": place, "step": named(self._steps[int(body["n"])])})
            case "extension":
                found["extensions"].append(
                    {
                        "place": place, "of": str(body["of"]), "number": int(body["number"]), "target": str(body["target"]),
                        "worked": [str(what) for what in body["worked"]], "sha256": str(body["dry_run_sha256"]),
                    }
                )  # fmt: skip
            case "given-up":
                if not found["extensions"]:
                    raise ValueError("nothing was registered that could be given up")
                found["extensions"][-1]["given_up"] = {"place": place, "why": str(body["why"])}
            case "change":
                texts = {key: str(body[key]) for key in ("what", "expected", "got")}
                found["changes"].append({"place": place, **texts})
            case "correction":
                said = {key: None if body[key] is None else str(body[key]) for key in ("key", "first", "now")}
                found["corrections"].append({"place": place, **said})
            case "clock-step":
                times = {key.replace("_ns", "_s"): int(body[key]) / 1e9 for key in ("set_ns", "slept_ns")}
                found["clock_steps"].append({"place": place, **times})
            case _:
                pass


def named(step: Mapping[str, Any]) -> str:
    """`step` as the journal names it, in few words: "Read display A1"."""
    return " ".join([str(step["type"]), *(str(step[name]) for name in reversed(NAMES) if step.get(name))])
