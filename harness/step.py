"""The few things a plan can ask for.  Frozen, without I/O: a plan can be listed, costed and checked without a bench.

A step names what is to happen, not which instrument does it; where the bench has none, the operator is asked.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from fixtures.questions import YES_NO


class Cut(Enum):
    """What is done with a step in which the program was cut, when the run goes on (docs/resume.md)."""

    REPEAT = "repeat"  # it is done again, and nothing else
    RESTART = "restart"  # its sale begins anew: what was delivered has no end that anybody saw
    ASK = "ask"  # doing it twice is not doing it once: the operator says whether it was done
    ABANDON = "abandon"  # it stays cut, and the run goes on after it


LABORATORY = "bench"  # the phase of what is done in a laboratory


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of field_rules.md section 3 begins: A-F, or LABORATORY."""

    cut: ClassVar[Cut] = Cut.REPEAT
    letter: str
    title: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """The operator confirms that something is so or was done (safety, control taken, decision)."""

    cut: ClassVar[Cut] = Cut.REPEAT
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Inquire:
    """The operator states a fact: nameplate, seal, legal basis.  `private`: it names persons, and stays out of the
    journal, which keeps its salted digest."""

    cut: ClassVar[Cut] = Cut.REPEAT
    key: str
    text: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """The operator decides between `options`, (value, text) each; the outcome's "value" may lead the plan."""

    cut: ClassVar[Cut] = Cut.REPEAT
    key: str
    text: str
    options: tuple[tuple[str, str], ...] = YES_NO


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo is taken and its file copied into the case as an original; `none` where no camera may be used."""

    cut: ClassVar[Cut] = Cut.REPEAT
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """The bench records and nobody touches the instrument for so long."""

    cut: ClassVar[Cut] = Cut.REPEAT
    seconds: int
    why: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant that others refer to.  With `text` the operator says when it is there, else it is now."""

    cut: ClassVar[Cut] = Cut.REPEAT
    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """`mass_kg` of weights at rest on the scale, at `position`; 0 = the scale is empty.  The outcome holds what was put
    on in truth.  `covert`: goods of about that mass, bought and weighed as an ordinary customer's are, by the trader; what
    they weigh is found on the officers' own balance.  `label` names its segment, which lasts to the next change of load."""

    cut: ClassVar[Cut] = Cut.REPEAT
    label: str
    mass_kg: Decimal
    position: str = "centre"
    covert: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the keypad, by their labels, pressed in order while what lies on the scale stays; then it is left alone for
    `watch_s`.  The outcome's "shown" is what the line said after that, where one is listened to."""

    cut: ClassVar[Cut] = Cut.ASK
    sequence: tuple[str, ...]
    watch_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Hire:
    """The taximeter is set to hired: the trip `label` begins, and lasts to its `Vacate`.  `covert`: a passenger's ride, who is no
    officer to look at."""

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    covert: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """The vehicle stands with the handbrake on, its meter `hired` or vacant, and is watched as `label` until `Vacate`: nothing that
    goes by distance may be counted."""

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    hired: bool = True


@dataclass(frozen=True, slots=True)
class Vacate:
    """The taximeter is set to vacant, or stays so: what `Hire` or `Stand` began as `label` ends, its record is made."""

    cut: ClassVar[Cut] = Cut.REPEAT
    label: str


@dataclass(frozen=True, slots=True)
class Drive:
    """A leg of the trip `label`: `distance_m` driven with `speed_km_h` as its highest speed, in the way `course` says ("steady",
    "city" with stops, "ramp" from rest and back); its outcome holds the distance as measured.  `surveyed`: along a stretch of known
    length.  Answered at standstill, never by who drives (field_rules.md section 1)."""

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    distance_m: Decimal
    speed_km_h: Decimal
    course: str = "steady"
    surveyed: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A control of the vehicle ("horn", "indicator", "gear" ...) is worked once while it stands; a mark says when."""

    cut: ClassVar[Cut] = Cut.ASK
    control: str


@dataclass(frozen=True, slots=True)
class Deliver:
    """One sale.  `label` names its segment; volume preset, else amount preset, else free up to `volume_l`.

    `press_at_l`: the seized remote is pressed when the register passes that volume.  `covert`: bought as an ordinary
    customer buys, nobody shows a badge.  `until_l`: the nozzle is shut at that volume without hanging up, 0 = lifted
    and not opened yet; `Continue` goes on with the same sale.
    """

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    volume_l: Decimal
    amount: Decimal | None = None
    flow: str = "full"
    covert: bool = False
    press_at_l: Decimal | None = None
    until_l: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """The running sale `label` goes on: to `until_l`, nozzle shut and not hung up; None = to its preset, and hang up."""

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    until_l: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """Nozzle lifted and closed, motor on: nothing may be counted."""

    cut: ClassVar[Cut] = Cut.RESTART
    label: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Read:
    """One number read at rest: "display" (volume and amount), "totaliser", or "start" (the display of the new sale before
    the nozzle is opened); of a scale "weighing" (weight, unit price, price), "ticket", "record", or "line" (what
    its line says just now); of a taximeter "meter" (fare, distance, waiting, tariff) or "receipt"; for the segment `label`."""

    cut: ClassVar[Cut] = Cut.REPEAT
    what: str
    label: str


@dataclass(frozen=True, slots=True)
class Weigh:
    """The delivery `label`, caught in a can, is weighed: gross, tare, density, temperatures as raw readings.

    `portion` n > 0: the n-th measured part of the sale that is still running.
    """

    cut: ClassVar[Cut] = Cut.REPEAT
    label: str
    portion: int = 0


@dataclass(frozen=True, slots=True)
class Prove:
    """The delivery `label`, or its `portion`, was filled into a neck prover: h_0, h and temperatures as raw readings."""

    cut: ClassVar[Cut] = Cut.REPEAT
    label: str
    portion: int = 0


@dataclass(frozen=True, slots=True)
class Press:
    cut: ClassVar[Cut] = Cut.ASK
    what: str


@dataclass(frozen=True, slots=True)
class PowerCycle:
    """Destroys volatile state: allowed in phase E, F or on a bench, never before what it destroys was measured."""

    cut: ClassVar[Cut] = Cut.ASK
    off_s: int


@dataclass(frozen=True, slots=True)
class Judge:
    """The judgement so far; its outcome names the delivery that showed most and, of a site, the order in which its
    instruments ask for the full plan."""

    cut: ClassVar[Cut] = Cut.REPEAT


@dataclass(frozen=True, slots=True)
class Instrument:
    """Everything from here on is done at instrument `id` of the site; "" = at none."""

    cut: ClassVar[Cut] = Cut.REPEAT
    id: str
    product: str = ""


SEARCH, CONFIRMATION = "search", "confirmation"
WATCH = "-w"  # behind the label of a run: the watch in which something was worked for it


@dataclass(frozen=True, slots=True)
class Purpose:
    """What everything delivered from here on is for, on record before it is: SEARCH, or CONFIRMATION number `k` of one
    `target`, "detector:link".  What stands before any Purpose is a scheduled test (judge/evidence.py: three budgets)."""

    cut: ClassVar[Cut] = Cut.REPEAT
    of: str
    k: int = 0
    target: str = ""
    half: str = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """What the runs of a search covered of the trigger model it was made from: entered in the record when it ends, nothing is done.

    `pairs`, `triples`: (tried, that there are) of levels of two and three factors.  `shown`: class of the model's functions (with the title
    of its factor in English and Chinese), the share that these runs would have shown, of how many.  `grid`: titles of two factors, each in both
    languages, and of their pairs of levels how many were tried and how many there are.  `refused`: what nobody could give,
    in English and Chinese.  `confirm`: deliveries, as plans/repeated.py lists them, that would prove what it has shown; none where it has shown
    nothing, or no comparison can.
    """

    cut: ClassVar[Cut] = Cut.REPEAT
    model: str
    verified: bool
    runs: int
    pairs: tuple[int, int]
    triples: tuple[int, int]
    shown: tuple[tuple[str, str, str, str, int], ...]
    refused: tuple[tuple[str, str], ...] = ()
    confirm: tuple[Mapping[str, Any], ...] = ()
    family: str = ""  # of the model
    grid: tuple[tuple[str, str, str, str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """Everything from here on belongs to test `test` of the acceptance edition; "" = to none."""

    cut: ClassVar[Cut] = Cut.REPEAT
    test: str


@dataclass(frozen=True, slots=True)
class Changeover:
    """To the load `label` small weights of `step_kg` each are added until the indication rises by one interval and stays there; then they are
    taken off.  The outcome's "added_kg" is their mass (R 76-1, A.4.4.3).  What is displayed meanwhile belongs to no load."""

    cut: ClassVar[Cut] = Cut.REPEAT
    label: str
    step_kg: Decimal


@dataclass(frozen=True, slots=True)
class Commit:
    """The hash of the draw's seed is shown to the parties and recorded, before anybody has seen the seed."""

    cut: ClassVar[Cut] = Cut.REPEAT


@dataclass(frozen=True, slots=True)
class Draw:
    """`count` of `candidates` by lot; the outcome names the seed and who was drawn."""

    cut: ClassVar[Cut] = Cut.REPEAT
    candidates: tuple[str, ...]
    count: int


Step = (
    Phase
    | Confirm
    | Inquire
    | Choose
    | Photo
    | Wait
    | Mark
    | Load
    | Keys
    | Hire
    | Stand
    | Vacate
    | Drive
    | Work
    | Deliver
    | Continue
    | Shut
    | Read
    | Weigh
    | Prove
    | Press
    | PowerCycle
    | Judge
    | Instrument
    | Purpose
    | Searched
    | Clause
    | Changeover
    | Commit
    | Draw
)
Outcome = Mapping[str, Any]
Plan = Generator[Step, Outcome, None]


def described(step: Step) -> dict[str, Any]:
    """`step` as JSON-ready data, decimals as text, for the journal."""
    body = {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(step).items()}
    return {"type": type(step).__name__, **body}
