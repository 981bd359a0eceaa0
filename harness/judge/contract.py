"""What a judgement takes and gives: segments, detectors and what they find.  Nouns of design.md sections 3 and 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from captures.model import ClockMap, Mark, PulseTrain, Register, SampledTrace
from harness.judge.account import Account, Kind
from harness.judge.likelihood import Likelihood

API_VERSION = 1


class SegmentKind(StrEnum):
    DELIVERY = "delivery"
    SHUT = "shut"  # nozzle closed, motor on: nothing may be counted
    TAP = "tap"  # a foreign recording of one tap, with no plan behind it
    LOADING = "loading"  # one load at rest on a scale, from its placing to the next change; 0 = empty
    TRIP = "trip"  # one run of a vehicle, or of a pulse source, with its taximeter hired or vacant (context `hired`)
    SOAK = "soak"  # a vehicle at stand-still, handbrake on, while its controls are worked: nothing may be counted


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of one sale that a reference of its own measured, without hanging up: the display before and after it
    (litres, exact), and litres by the reference with their standard uncertainty (field_rules.md section 5).

    `window_ns`: when the display was read before and after.  `stop`: "hand" or "preset", what shut it off.
    `displays_sure`: at both ends the displayed amount agreed with the displayed volume, or the reading was repeated;
    `fill_sure`: the raw readings of the reference were taken twice and agreed.
    """

    from_l: Decimal
    to_l: Decimal
    reference_l: tuple[float, float]
    window_ns: tuple[int, int] = (0, 0)
    stop: str = ""
    displays_sure: bool = False
    fill_sure: bool = False


@dataclass(frozen=True, eq=False)
class Segment:
    """One delivery (loading, trip): all that the bench saw of it.

    `trains` by "station.channel" (e.g. "encoder.A", "board.B", "reference.P"), `registers` by station
    ("register", "display", "amount", "totaliser", "register_amount").  `state` names the sealed state of the
    instrument: segments of one state lie between the same irreversible events (a power cycle opens the next).
    `context` holds what distinguishes the segment and was recorded: asked volume, preset kind, ordinal, who knew.
    `reference_l` (value, standard uncertainty) in litres at the meter's temperature where a reference measured the
    whole delivery, `portions` where it measured parts of it.  `traces` by station ("weight") and `load_kg`, the mass on the
    scale with its standard uncertainty where it is known, are those of a loading.  Of a trip `reference_m` is the distance
    travelled in metres (value, standard uncertainty), `traces` hold it over time ("reference", m) and a speed of the vehicle
    ("speed", km/h).  `span`: the start of the program in which it was recorded;
    between two lies a gap in which nobody listened.
    """

    id: str
    kind: SegmentKind
    phase: str
    state: str
    window_ns: tuple[int, int]
    context: Mapping[str, Any] = field(default_factory=dict)
    trains: Mapping[str, PulseTrain] = field(default_factory=dict)
    registers: Mapping[str, Register] = field(default_factory=dict)
    clocks: Mapping[str, ClockMap] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    reference_l: tuple[float, float] | None = None
    portions: tuple[Portion, ...] = ()
    complete: bool = True
    instrument: str = ""
    span: int = 0
    traces: Mapping[str, SampledTrace] = field(default_factory=dict)
    load_kg: tuple[float, float] | None = None
    reference_m: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of the chain between two observed stations; unobserved ones in between are merged into it."""

    upstream: str
    downstream: str

    def __str__(self) -> str:
        return f"{self.upstream}>{self.downstream}"


class Shape(StrEnum):
    """How a break behaves, as far as the data decide."""

    CONSTANT = "constant"  # the same gain in every segment seen
    THRESHOLD = "threshold"  # begins at the same quantity inside every delivery
    SWITCHED = "switched"  # begins or ends inside a delivery, not at one volume
    STATE = "state"  # differs between segments or sealed states
    EXTRA = "extra"  # pulses or digits where none belong


@dataclass(frozen=True)
class Reading:
    """One test on one segment (or on a pair of groups).

    `e` is the e-value against the detector's stated null, already capped by its validation (`view.validation.cap`; a
    judgement cuts to it whatever is above); `p` where there is one.  `effect` is the relative size (0.05 = 5 % too much indicated) with its interval; `mde` the smallest effect
    this reading would have shown with 90 % power.  `reason` is set when the test could not speak (`e` is then 1).
    `hits` counts separate violations (events closer than the burst time are one).  `at` holds what was located:
    onset_l, onset_ns, every_n, mark.  `key` names the contrast of an intervention ("knowledge", "state" ...): each
    contrast has an evidence process of its own; empty for laws and detectors, whose groups follow the context.
    """

    detector: str
    segment: str
    link: Link
    e: float
    p: float | None = None
    hits: int = 0
    effect: float | None = None
    interval: tuple[float, float] | None = None
    mde: float | None = None
    shape: Shape | None = None
    at: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    key: str = ""

    @property
    def spoke(self) -> bool:
        return not self.reason


@dataclass(frozen=True)
class Validation:
    """What a detector's e-value may claim: measured on honest segments, per detector version."""

    n_null: int
    false_hits: int
    commit: str = ""

    @property
    def cap(self) -> float:
        """n/3 false-free segments bound the false rate by 3/n (95 %, rule of three); an e-value may not claim more."""
        if self.n_null == 0:
            return 1.0
        return self.n_null / (3.0 + 2.0 * self.false_hits)


@dataclass(frozen=True)
class DetectorSpec:
    """The specification object of a detector plugin (entry points, group ``shortmeasure.detectors``).

    `judge(segments, view)` is a pure function over the segments of one case, a tuple in time order, and returns its readings.
    `one_by_one`: what it says of a segment depends on no other segment, before or after, so that it may be asked of each alone;
    else it compares segments (interventions, laws over a row of sales, a floor from earlier deliveries).  `null` states in words what the
    e-value is against; `parameters` are the numbers with units in their names; `weight`, from 0 to 1, its part of alpha beside
    those of all other tests of the case (0: it never claims; without a validation it has none).
    `mechanism` is the sentence that a finding of it says, `telling` its rank among those that see the same break (the
    lowest names it); tests of one `witness` ("pulses": one pulse stream) together are one witness (field_rules.md 6).
    `sized`: its effect, told for every sale, is split into a fixed volume and a share.  `conformity_alone`: what it finds
    alone is a matter of conformity.  `device_type`: it finds a kind of device, which approved instruments may have too; it
    never proves, names no place and bears out nothing else.
    `families`: further families of editions that it is asked of ("scale", "taximeter" ...), beside those that name it in
    harness/catalogue/families.toml; fuel dispensers have every test that is not another family's.
    `shows`: the kind of account that a hit supports where it recovers nothing more particular; `method`: what its effect is
    a measure of the gain by, "" where it is none.
    """

    name: str
    version: int
    kind: str  # law | detector | intervention
    null: str
    needs: str
    parameters: Mapping[str, float]
    judge: Callable[[Sequence[Segment], View], Sequence[Reading]]
    weight: float = 1.0
    mechanism: str = ""
    telling: int = 100
    witness: str = ""
    sized: bool = False
    conformity_alone: bool = False
    device_type: bool = False
    one_by_one: bool = False
    shows: Kind = Kind.UNDETERMINED
    method: str = ""
    families: tuple[str, ...] = ()
    api: int = API_VERSION


@dataclass(frozen=True)
class View:
    """What a detector is told beside the segments: the declared profile, parameters and its own validation."""

    profile: Mapping[str, Any]
    parameters: Mapping[str, float]
    validation: Validation

    def declared(self, key: str) -> Any | None:
        return self.profile.get(key)

    def decimal(self, key: str) -> Decimal | None:
        value = self.profile.get(key)
        return None if value is None else Decimal(str(value))


class Basis(StrEnum):
    PRESPECIFIED = "prespecified"
    EXPLORATORY = "exploratory"
    CONFIRMATORY = "confirmatory"


class Integrity(StrEnum):
    """Mildest to gravest."""

    NO_EVIDENCE = "no_evidence"
    INCONCLUSIVE = "inconclusive"
    SUSPECT = "suspect"
    PROVEN = "proven"


class Conformity(StrEnum):
    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


class Status(StrEnum):
    COMPLETE = "complete"
    STOPPED = "stopped"
    ERROR = "error"


@dataclass(frozen=True)
class Explanation:
    """An honest cause of what was seen, and the observation that excluded it ("" if none did)."""

    cause: str
    excluded_by: str


@dataclass(frozen=True)
class Finding:
    instrument: str
    link: Link
    shape: Shape | None
    mechanism: str
    catalogue_ids: tuple[str, ...]
    detectors: tuple[str, ...]
    level: Integrity
    basis: Basis
    effect: float | None
    interval: tuple[float, float] | None
    evidence: float
    threshold: float
    threshold_source: str
    segments: tuple[str, ...]
    explanations: tuple[Explanation, ...]
    conditions: Mapping[str, bool]
    at: Mapping[str, Any]
    mde: float | None
    limits: tuple[str, ...]  # why the level is not higher, in words
    account: Account | None = None
    final: float = 1.0  # e-value when judging ended, times its share of alpha (evidence.py)
    likelihood: Likelihood | None = None


@dataclass(frozen=True)
class Question:
    """Something the case had to answer: which detector over which link, whether it was, and the smallest effect that
    would have been seen.  `stations`: those whose values the answer rests on."""

    text: str
    answered: bool
    why: str
    mde: float | None
    required: bool = True
    stations: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConformityResult:
    conformity: Conformity
    error: float | None  # relative error of indication, worst group
    u: float | None  # standard uncertainty
    limit: float | None
    clause: str
    verified: bool
    groups: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Evidence:
    """How the evidence of one detector over one link grew: `course` holds (segment, e-value of the mixture after it) for each
    reading that spoke, in time order; `e` is what counts of it, `suspect_at` and `proven_at` were fixed by `weight`.
    `in_time`: it grew from segment to segment; the contrasts of an intervention did not, of them the end alone counts."""

    detector: str
    link: Link
    e: float
    weight: float
    suspect_at: float
    proven_at: float
    basis: Basis
    course: tuple[tuple[str, float], ...]
    in_time: bool = True
    k: int = 0  # of a confirmation


@dataclass(frozen=True, slots=True)
class Registration:
    """Confirmation `k` of `target`, "detector:link", as it was registered before its first delivery.  `anew`: how many of its
    deliveries were superseded by a later attempt; `done`: everything registered came to its end."""

    k: int
    target: str
    anew: int = 0
    done: bool = True


@dataclass(frozen=True)
class Budget:
    """How alpha of the case is spent: `share` of it is this instrument's; `scheduled` half goes by weight over `pairs` of test
    and link, a confirmation has `confirmations` 2^-n (evidence.levels).  `spent`: number, target and level of those that were
    registered, whatever became of them."""

    alpha: float
    share: str
    scheduled: float
    confirmations: float
    pairs: int
    spent: tuple[tuple[int, str, float], ...]


@dataclass(frozen=True)
class Verdict:
    instrument: str
    status: Status
    conformity: ConformityResult
    integrity: Integrity
    findings: tuple[Finding, ...]
    coverage: tuple[Question, ...]
    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    budget: Budget | None = None
