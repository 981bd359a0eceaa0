"""Survey of a station: many dispensers in minutes each, then the raid on the chosen ones (field_rules.md section 7).

The complainants' dispensers and a few drawn by lot are measured covertly, as ordinary customers buy: a remote is off as soon
as an inspector is seen.  Only then is control taken.  The raids on the chosen run side by side, phase by phase: phase A
of a second one after the first one's power cycle would be covert by name only.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from fixtures.language import mark
from harness.plans import blocks, dispenser_raid
from harness.plans.ability import Ability, SiteAbility, Surveyed
from harness.plans.sale import sale
from harness.step import Choose, Commit, Confirm, Draw, Inquire, Instrument, Judge, Outcome, Phase, Plan, Shut, Step

SHUT_S = 20  # nozzle closed: a customer who looks for his cap
ONCE = (*blocks.BEFORE, "control", *blocks.BADGE, "party_name", "party_absent", *blocks.SITE_ONCE)  # for the whole site
COVERT = mark("covert survey: bought as ordinary customers buy")


def steps(can: Ability) -> Plan:
    site = can.site if can.site is not None else SiteAbility((), 0, 0)
    yield from blocks.before()
    # asked already, and asked when all is done: no raid asks these again
    answers: dict[str, Outcome] = {key: {} for key in (*blocks.BEFORE, *blocks.SITE_ONCE)}
    yield Confirm(
        "safety",
        mark("Lane closed off, metal vessels earthed, extinguisher at hand, no plastic cans, no telephone in the zone"),
    )
    measured = yield from _measured(site)
    for one in measured:
        yield from _survey(one)
    yield Instrument("")
    order = (yield Judge()).get("order", ())
    chosen = _chosen(measured, order, site.full)
    yield from by_phase({one.id: (one.product, dispenser_raid.steps(one.can)) for one in chosen}, answers)
    yield Instrument("")
    if not chosen:  # nothing was done that no customer does, and yet the party is told
        yield from blocks.badge()
    yield from blocks.closing(
        mark("Fuel of the survey returned by grade to its tank, litres recorded; every instrument left as it was found")
    )


def _measured(site: SiteAbility) -> Generator[Step, Outcome, list[Surveyed]]:
    """Those somebody complained about, then those drawn by lot."""
    named = [one for one in site.instruments if one.complaint]
    others = tuple(one.id for one in site.instruments if not one.complaint)
    if not site.draw:
        return named
    yield Commit()
    lots = (yield Draw(others, site.draw)).get("drawn", others[: site.draw])
    return named + [one for id in lots for one in site.instruments if one.id == id]


def _survey(one: Surveyed) -> Plan:
    """Two to three minutes at one dispenser: a known delivery, what is shown, and the nozzle shut for a moment."""
    yield Instrument(one.id, one.product)
    yield from dispenser_raid.wetted(one.can)
    yield Phase("A", COVERT)
    if one.complaint:
        text = mark(
            "Receipt of the complaint about this instrument: number, date, litres and amount as printed, or `none`"
        )
        yield Inquire("complaint", text)
    asked = dispenser_raid.Volumes.on(one.can)
    yield from _purchase(one.can, "V1", asked.usual)
    if one.complaint:
        yield from _purchase(one.can, "V2", asked.small)
    yield Shut("VS", SHUT_S)


def _purchase(can: Ability, label: str, volume_l: str) -> Plan:
    yield from sale(can, label, volume_l, covert=True)
    yield Inquire(f"receipt {label}", mark("Receipt of this purchase: number and time as printed, or `none`"))


def _chosen(measured: Sequence[Surveyed], order: Sequence[str], full: int) -> list[Surveyed]:
    """The first `full` in the recorded order; without one, the complainants' come first."""
    known = {one.id: one for one in measured}
    ids = [id for id in order if id in known] or list(known)
    return [known[id] for id in ids[:full]]


def by_phase(raids: Mapping[str, tuple[str, Plan]], answers: dict[str, Outcome]) -> Plan:
    """Several raids side by side: every phase of all of them before the next phase of any.

    `answers` holds what was asked for the whole site; each key of ONCE is asked once.
    """
    running = {id: _Raid(id, product, plan) for id, (product, plan) in raids.items()}
    at = ""
    while running:
        letter = min(raid.letter for raid in running.values())
        for raid in [raid for raid in running.values() if raid.letter == letter]:
            if raid.id != at:
                at = raid.id
                yield Instrument(raid.id, raid.product)
            yield from raid.go_on(answers)
            if raid.step is None:
                del running[raid.id]


class _Raid:
    """One raid, held at the beginning of a phase: `step` is what comes next, `letter` the phase it belongs to."""

    def __init__(self, id: str, product: str, plan: Plan) -> None:
        self.id, self.product, self._plan, self.letter = id, product, plan, ""
        self.step: Step | None = next(plan)

    def go_on(self, answers: dict[str, Outcome]) -> Plan:
        """Its steps up to the next phase or to its end."""
        while self.step is not None:
            key = self.step.key if isinstance(self.step, Inquire | Confirm | Choose) else ""
            if key in ONCE and key in answers:
                outcome = answers[key]
            else:
                outcome = yield self.step
                if key in ONCE:
                    answers[key] = outcome
            try:
                self.step = self._plan.send(outcome)
            except StopIteration:
                self.step = None
            if isinstance(self.step, Phase) and self.step.letter != self.letter:
                self.letter = self.step.letter
                return
