"""What stands around every inspection (field_rules.md sections 1 and 7): legal block, identity block, decisions, closing.

The legal block has two halves, because a covert purchase ends when a badge is shown: what the officers settle among
themselves comes before everything, what they do before the party comes when control is taken, before anything overt.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from fixtures.language import mark
from harness.plans.ability import Ability
from harness.step import Choose, Confirm, Inquire, Outcome, Plan, Step

Steps = Generator[Step, Outcome, None]
Decided = Generator[Step, Outcome, bool]
Last = Callable[[Ability, bool], Plan]  # what comes after every scheduled test; whether power was cut before it

BEFORE = ("legal_basis", "officers", "recording")
BADGE = ("identity_shown", "recusal", "party", "witness")
COMMISSION = ("commission", "officers")  # of a laboratory in the place of BEFORE and BADGE: no party, nothing is seized
IDENTITY = ("nameplate", "type_approval", "software", "event_counter", "seals_before")
CLOSING = ("seals_after", "result_read", "statement", "retest", "measures", "handover", "closing")
SITE_ONCE = ("result_read", "statement", "retest", "measures", "handover")  # of a site: asked when all is done
PRESERVED = (
    ("photograph", mark("photograph board, display and till")),
    ("image", mark("image the memory of the till's computer")),
    ("seize", mark("seize board or instrument")),
    ("accept", mark("accept on record that volatile state is lost")),
)
PARTY = (("present", mark("present")), ("absent", mark("absent")))
NOT_BY_KEY = mark("Event counters, as shown without pressing any key, or `not shown`")


def before() -> Steps:
    """What the officers settle before anybody sees them: basis, who they are, that it is recorded."""
    yield Inquire("legal_basis", mark("Legal basis and number of this inspection"))
    yield Inquire("officers", mark("The two officers: names and card numbers"), private=True)
    yield Confirm("recording", mark("Recording of the inspection (body camera) is running"))


def commission() -> Steps:
    """What a laboratory settles before it tests what somebody brought or ordered."""
    yield Inquire("commission", mark("Number and date of the application or order, and who gave it"))
    yield Inquire("officers", mark("Who carries out the tests: names"), private=True)


def badge() -> Steps:
    """From here on the inspection is open: who they are, the party's rights, who is present."""
    yield Confirm("identity_shown", mark("Both officers have shown their cards and said what is inspected and why"))
    yield Confirm(
        "recusal", mark("The party was told that it may ask for other officers, and did not, or it was decided")
    )
    there = yield Choose("party", mark("The party or its representative"), PARTY)
    if there.get("value") == "absent":
        yield Inquire("party_absent", mark("Absent because"))
    else:
        yield Inquire("party_name", mark("Who is present for the party: name and position"), private=True)
    yield Inquire("witness", mark("Witness: name, or `none`"), private=True)


@dataclass(frozen=True, slots=True)
class Plate:
    """What is read of an instrument by its family: its sealed constant, "" where it has none; the codes that it may show at start."""

    k: str
    codes: str


STARTS = mark("Codes or faults shown at start, or `none`")
LOCKS = mark("Self-lock codes shown at start, or `none`")
DISPENSER = Plate(mark("Sealed pulses per litre on the nameplate"), LOCKS)
GAS = Plate("", LOCKS)
SCALE = Plate("", STARTS)
TAXIMETER = Plate(mark("Sealed pulses per kilometre on the nameplate"), STARTS)


def identity(plate: Plate = DISPENSER) -> Steps:
    """The instrument as found, read without pressing a key."""
    yield Inquire("nameplate", mark("Manufacturer, type and serial number on the nameplate"))
    yield Inquire("type_approval", mark("Number of the type approval on the nameplate, or `not shown`"))
    if plate.k:
        yield Inquire("K", plate.k)
    yield Inquire("software", mark("Software version and checksum shown"))
    yield Inquire("event_counter", NOT_BY_KEY)
    yield Inquire("seals_before", mark("Numbers and state of all seals"))
    yield Inquire("self_lock_codes", plate.codes)


def identity_again(plate: Plate = DISPENSER) -> Steps:
    """The same after everything was done, for what must not have changed."""
    if plate.k:
        yield Inquire("K_after", plate.k)
    yield Inquire("software_after", mark("Software version and checksum shown"))
    yield Inquire("event_counter_after", NOT_BY_KEY)
    yield Inquire("seals_after", mark("Numbers and state of all seals"))


def ride_closing() -> Steps:
    """A covert ride ends without the party: what follows for it is asked in the raid."""
    yield Inquire(
        "measures", mark("Measures taken: registered and preserved, sealed, seized, use forbidden; or `none`")
    )
    yield Confirm("closing", mark("Everything that was noted, photographed and logged is handed in; receipts are kept"))


def presser() -> Inquire:
    """Who presses the seized remote, on record before it is pressed (field_rules.md section 2)."""
    return Inquire("remote", mark("Officer who presses the seized remote, number of the seizure record"), private=True)


def preservation() -> Steps:
    """Phase D: what is kept of the volatile state, before phase E can destroy it."""
    text = mark("Decision of the officers: how is what a power cut destroys preserved")
    yield Choose("preservation", text, PRESERVED)


def decided(letter: str) -> Decided:
    """Whether the officers decide for phase `letter`.  Without an answer (a dry run): yes."""
    text = {
        "E": mark("Decision of the officers: is power cut now (phase E)"),
        "F": mark("Decision of the officers: is the instrument opened by an entitled person (phase F)"),
    }[letter]
    return bool((yield Choose(f"phase_{letter}", text)).get("value", "yes") == "yes")


def closing(text: str) -> Steps:
    """Read out, the party's word, what was done, hand-over; `text` confirms that all is as it must be left."""
    read = mark(
        "Read out to the party: what was displayed, what the reference said, and the error of each delivery or weighing"
    )
    yield Confirm("result_read", read)
    yield Inquire("statement", mark("The party's statement in its own words, or `none`, `refused`"))
    yield Choose("retest", mark("Does the party ask for a retest"))
    yield Inquire(
        "measures", mark("Measures taken: registered and preserved, sealed, seized, use forbidden; or `none`")
    )
    yield Inquire("handover", mark("Handed over for arbitration verification to whom, receipt number; or `none`"))
    yield Confirm("closing", text)
