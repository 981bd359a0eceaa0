"""Parts of a scale's run -> segments: one a loading, from the load's coming to rest to the next change of load or to a power cut.

Weights that people read become registers in kg, as exactly as they were shown; what a line said becomes traces.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from captures.model import Mark, Origin, Register, frozen_int64
from harness.derive.indications import indicated_lines
from harness.derive.line_faults import LineFaults, Loaded, power_cuts
from harness.derive.parts import Part, Taken, Told, number
from harness.derive.recorded import Recorded
from harness.derive.spans import NEVER_NS
from harness.derive.streams import Streams
from harness.judge.contract import Segment, SegmentKind
from harness.judge.intervals import intervals
from harness.judge.loads import RESTARTED

UNIT_KG = {"kg": Decimal(1), "g": Decimal("0.001"), "jin": Decimal("0.5"), "t": Decimal(1000)}
STARTS_NS = 20_000_000_000  # a scale tests itself, shows all segments and takes its zero before it says anything [D]
AFTER_LAST_NS = 60_000_000_000  # how long after it was put on the last load of a run is followed
WEIGHTS_U_REL = Decimal("0.0001")  # of test weights without a stated uncertainty: class M2 [U]
BALANCE_REL = 0.005  # what a balance for goods of half a kilogram and more is right to: 2.5 e of class III at 200 e [D]
READ_FIELDS = (  # what was read, field -> station
    ("weighing", "weight", "display"),
    ("weighing", "unit_price", "unit_price"),
    ("weighing", "price", "price"),
    ("ticket", "weight", "ticket"),
    ("ticket", "unit_price", "ticket_unit_price"),
    ("ticket", "price", "ticket_price"),
    ("record", "weight_kg", "record"),
)
WEIGHTS = ("display", "ticket", "record")


class Loadings:
    """`segment(part)` of each part that is a load; the same face as the deliveries' own deriver."""

    def __init__(self, recorded: Recorded, tale: Told, streams: Streams) -> None:
        self._profile, self._reference, self._tale = recorded.bench.profile, recorded.bench.reference, tale
        self._spans = {span.n: span for span in recorded.spans}
        self._by_hand = recorded.bench.roles.get("load") is None
        lines = indicated_lines(recorded)
        self._stations = tuple(lines)
        ends = [int(line.trace.times_ns[-1]) for line in lines.values() if line.trace.times_ns.size]
        reads = [taken[0] for part in tale.parts for _, taken in part.shown]
        self._last_ns = max([streams.last_ns(), *ends, *reads], default=0)
        declared = intervals(recorded.bench.profile)
        self._e_kg = declared[0].e_kg
        loads = [part for part in tale.parts if part.is_load]
        self._number = {id(part): k for k, part in enumerate(loads)}
        gaps = [(before.end_ns, after.begin_ns) for before, after in pairwise(recorded.spans)]
        cuts = power_cuts(tale.marks, STARTS_NS) + gaps
        self._line = LineFaults(lines, [self._loaded(part) for part in loads], declared[-1], cuts)

    def made_from(self, part: Part) -> str:
        """What the segment of a part that is over follows from, beside what came on the lines while it lasted."""
        marks = [mark for mark in self._tale.marks if part.after_ns < mark.t_ns <= (part.next_ns or part.begin_ns)]
        k = self._number[id(part)]
        return repr((part, self._spans[part.span], marks, self._heard(k)))

    def _window(self, part: Part) -> tuple[int, int]:
        on_ns = part.begin_ns if part.end_ns is None else part.end_ns
        until_ns = part.next_ns if part.next_ns is not None else min(self._last_ns + 1, on_ns + AFTER_LAST_NS)
        return on_ns, max(on_ns, min(until_ns, self._spans[part.span].end_ns))

    def _loaded(self, part: Part) -> Loaded:
        shown = self._registers(part, NEVER_NS)
        displayed = shown["display"].values if "display" in shown else ()
        mass = number(part.outcome.get("mass_kg"))
        return Loaded(part.begin_ns, part.end_ns, self._window(part)[1], part.span, mass, displayed)

    def segment(self, part: Part) -> Segment:
        k = self._number[id(part)]
        on_ns, until_ns = self._window(part)
        until_ns = min(until_ns, self._line.fell_silent_ns(k))
        if part.step.get("covert"):  # the goods are handed over while the loading is still the last one
            until_ns = min(until_ns, self._line.taken_away_ns(k))
        marks = tuple(mark for mark in self._tale.marks if on_ns <= mark.t_ns + mark.u_ns and mark.t_ns < until_ns)
        return Segment(
            id=part.label,
            kind=SegmentKind.LOADING,
            phase=part.phase,
            state=part.state,
            window_ns=(on_ns, until_ns),
            context=self._context(part, marks) | self._heard(k),
            registers=self._registers(part, self._line.fell_silent_ns(k)) | self._line.told(k),
            marks=marks,
            complete=part.end_ns is not None,
            span=part.span,
            # what came while the load was put on belongs to it: the way to rest tells of filters and of hands
            traces={name: self._line.own(name, k) for name in self._stations},
            load_kg=self._load(part),
        )

    def _heard(self, k: int) -> dict[str, Any]:
        """What did not count of what came on the lines."""
        counts = self._line.counts(k)
        found: dict[str, Any] = {"line_faults": counts} if counts else {}
        return found | ({RESTARTED: True} if self._line.restarted(k) else {})

    def _load(self, part: Part) -> tuple[float, float] | None:
        """Mass on the scale and its standard uncertainty; None where nobody knows it: a vehicle, two officers read different marks
        on the weights, or a covert load was told by a balance that was found wrong."""
        said = number(part.outcome.get("mass_kg"))
        if said is None or self._profile.get("load_known") is False or _doubted(part) or _wrong_balance(part):
            return None
        u_rel = Decimal(str(self._reference.get("u_rel", WEIGHTS_U_REL)))
        return float(said), float(said * u_rel)

    def _context(self, part: Part, marks: tuple[Mark, ...]) -> dict[str, Any]:
        """What was recorded about the loading.  A key is absent where nobody observed it."""
        step, stated = part.step, part.visit.stated
        earlier = [m.kind for m in self._tale.marks if m.t_ns < part.begin_ns and m.kind.startswith("press-")]
        powered = [m.t_ns for m in self._tale.marks if m.kind == "power-on" and m.t_ns < part.begin_ns]
        since = [
            m.kind
            for m in self._tale.marks
            if m.kind.startswith("press-") and max(powered, default=-1) < m.t_ns < part.begin_ns
        ]
        found: dict[str, Any] = {
            **part.purpose,
            "asked_kg": str(step["mass_kg"]),
            "position": str(step.get("position", "centre")),
            "covert": bool(step.get("covert", False)),
            "by_hand": self._by_hand,
            "events": tuple(m.kind for m in marks if m.kind.startswith("press-")),
            "pressed_before": tuple(since),
            "ever_pressed": bool(earlier),
            "photographed": False,
            "seals_unchanged": part.visit.seals_unchanged,
            **({"resealed": part.visit.resealed} if part.visit.resealed else {}),
            **({"allocation": part.trials[0], "allocation_sha256": part.trials[1]} if part.trials else {}),
            "stated_software": stated.get("software", ""),
            "stated_software_after": stated.get("software_after", ""),
            "stated_counter": stated.get("event_counter", ""),
            "stated_counter_after": stated.get("event_counter_after", ""),
            **({"balance": balance} if (balance := _balance(part)) else {}),
        }
        told = [taken for what, taken in part.shown if what == "weighing" and taken[2].get("unit")]
        unit_of = tuple((taken[0], str(taken[2]["unit"])) for taken in told)
        units = tuple(sorted({unit for _, unit in unit_of}))
        return (
            found
            | ({"units": units, "unit_of": unit_of} if units else {})
            | _doubted(part)
            | _wrong_balance(part)
            | self._odd(part)
        )

    def _odd(self, part: Part) -> dict[str, Any]:
        """Words that stood in the place of a weight, and readings taken while it moved."""
        words = [str(taken[2].get("weight")) for what, taken in part.shown if what == "weighing"]
        odd = tuple(word for word in words if number(word) is None)
        moving = sum(what == "weighing" and taken[2].get("stable") == "no" for what, taken in part.shown)
        return ({"words": odd} if odd else {}) | ({"read_moving": moving} if moving else {})

    def _registers(self, part: Part, fell_silent_ns: int) -> dict[str, Register]:
        """What was read by eye while it lay there; ticket and record keep what was, whenever they are read."""
        result = {}
        for what, field, station in READ_FIELDS:
            taken = [
                one
                for name, one in part.shown
                if name == what
                and _at_rest(one)
                and number(one[2].get(field)) is not None
                and (one[0] < fell_silent_ns or what != "weighing")
            ]
            if not taken:
                continue
            values = tuple(self._value(station, one[2], field) for one in taken)
            step = self._e_kg if station in WEIGHTS else _step(self._profile, station)
            result[station] = Register(
                station, frozen_int64([t for t, _, _ in taken]), frozen_int64([0] * len(taken)), values, step,
                "kg" if station in WEIGHTS else str(self._profile.get("currency", "CNY")), Origin("operator", taken[0][1]),
            )  # fmt: skip
        return result

    def _value(self, station: str, said: Mapping[str, Any], field: str) -> Decimal:
        value = Decimal(str(said[field]))
        return value * UNIT_KG[str(said.get("unit") or "kg")] if station in WEIGHTS else value


def _doubted(part: Part) -> dict[str, Any]:
    """What the one who put the weights on and the one who looked at them said, where that is not the same mass."""
    said = number(part.outcome.get("mass_kg"))
    found = [one for _, taken in part.shown if (one := number(taken[2].get("weights_kg"))) is not None]
    if said is None or all(one == said for one in found):
        return {}
    return {"weights_checked": {"said_kg": str(said), "found_kg": str(found[-1])}}


def _balance(part: Part) -> tuple[float, float] | None:
    """What lay on the balance that told the covert loads, kg as marked and as shown; None where nobody recorded such a check."""
    told = [number(word) for word in part.visit.stated.get("own_balance", "").removesuffix("kg").split()]
    match told:
        case [Decimal() as marked, Decimal() as shown] if marked > 0:
            return float(marked), float(shown)
    return None


def _wrong_balance(part: Part) -> dict[str, Any]:
    """What the balance that told a covert load showed of weights, where it is wrong."""
    balance = _balance(part)
    if balance is None or part.step.get("covert") is not True or abs(balance[1] / balance[0] - 1) <= BALANCE_REL:
        return {}
    return {"balance_wrong": {"marked_kg": str(balance[0]), "shown_kg": str(balance[1])}}


def _at_rest(taken: Taken) -> bool:
    """A reading that moved is recorded, told and not averaged in."""
    return taken[2].get("stable") != "no"


def _step(profile: Mapping[str, Any], station: str) -> Decimal:
    key, usual = ("unit_price_step", "0.01") if "unit_price" in station else ("price_step", "0.01")
    return Decimal(str(profile.get(key, usual)))
