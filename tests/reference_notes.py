"""What the reference for authors of plugins says beside the docstrings: roles, options, the context of a segment, e-values."""

from __future__ import annotations

from collections.abc import Mapping

ROLES = [
    "A bench file binds an instrument to a role; `provides` of its specification names the roles that it can fill. What a role asks for "
    "(`fixtures/roles.py`): `bench check` refuses an instrument whose `gives` lacks a key, a run ends before any "
    "fuel flows where the first reading of a meter in the line lacks one, and `check_driver` names it. Whatever lacks later is kept as it came and said at "
    "once; what was done counts as not measured, and the run goes on.",
    "",
    "No role takes a **volume reference** (a piston prover with an interface, a volumetric master meter). What there is: a meter with pulses at the "
    "station `reference` (channels of an instrument for the role `record`); mass and density by the role `mass`, as a Coriolis meter tells them; a "
    "can or prover that a person reads (`[reference]` with `kind`).",
    "",
]
OPTIONS = (
    "An option has one of the types that a bench file has: {types}. A number with a point is read as `Decimal`, exactly as written; a whole number is "
    "an `int`, and `bool` is no `int`. An option that is not listed is refused by `bench check`; one without which the driver cannot be made is "
    "refused by `make`, with `BenchError`."
)
E_VALUES = """\
**Who caps e.** `judge` does: no reading may have an e above `view.validation.cap`, `n / (3 + 2 * false hits)` of the honest segments that were tried.
`harness.judge.evalue` has `bet`, `bet_on_count` and `calibrate` (of a p-value), which keep to it; whoever computes an e otherwise takes the smaller
of it and the cap. A detector without a validation among those of the project has a cap of 1 and claims nothing; the kit tries it at other caps.

**The scale of `weight`.** From 0 to 1, and relative: of the half of alpha that is for scheduled tests a pair of test and link gets its weight over
the sum of the weights of all pairs that were judged in the case. 1 is the usual one; 0 never claims, and its e is 1 whatever it saw. So `check_null`
tries the null of a detector of weight 0 by its hits and p alone: give it a weight in a test of its own, or try its e again when it gets one."""


_SALE, _LOAD, _RIDE, _ALL = "deliveries", "loadings", "trips, soaks", "all"
CONTEXT: Mapping[str, tuple[str, str]] = {  # key: segments that may have it, and what it says
    "covert": (_ALL, "nobody at the instrument knew that it was tested"),
    "events": (_ALL, "what was worked meanwhile or right before: `press-KEY`, `control-NAME`"),
    "photographed": (_ALL, "every reading was photographed"),
    "seals_unchanged": (_ALL, "seals as at the beginning, None where nobody looked"),
    "resealed": (_ALL, "what was done behind a broken seal"),
    "stated_software": (_ALL, "version as stated at the beginning; `stated_software_after` at the end"),
    "stated_k": (
        "deliveries, trips",
        "pulses a litre or a kilometre as stated, as text; `stated_k_after` of deliveries",
    ),
    "stated_certificate": (_SALE, "number on its certificate, as stated"),
    "search": (_ALL, "True: one of a search; it proves nothing"),
    "unregistered": (_ALL, "True: outside of what was registered beforehand"),
    "confirms": (_ALL, "the test and link that it was registered to confirm"),
    "asked_l": (_SALE, "litres that were asked for, as text"),
    "preset": (_SALE, '"volume" or "amount"'),
    "flow": (_SALE, '"full" or slower'),
    "price": (_SALE, "unit price as displayed, or as said on the wire"),
    "press_at_l": (_SALE, "litres at which a key was to be pressed, None for none"),
    "start_l": (
        _SALE,
        'first value of the register in this sale; `start_by` "eye" or "wire", then with `start_ns` and `start_u_ns`',
    ),
    "wire_end": (_SALE, "the data line was heard to the end of the sale"),
    "foreign_sale": (_SALE, "somebody else's sale lies between the readings of the totaliser"),
    "heard_l": (_SALE, "volumes of other people's sales since the totaliser was read last"),
    "parameters": (_SALE, "what the parameter menu said"),
    "codes": (_SALE, "codes of the self-lock in place of the price; () for none"),
    "temperature_recorded": (_SALE, "all temperatures of the reference were taken"),
    "reference_read_twice": (_SALE, "its raw readings were taken twice and agreed"),
    "seconds": ("shut", "how long nothing was to be counted"),
    "asked_kg": (_LOAD, "mass that was asked for, as text"),
    "position": (_LOAD, '"centre", "front left" ...'),
    "by_hand": (_LOAD, "a person put it on"),
    "pressed_before": (_LOAD, "keys pressed since power came"),
    "ever_pressed": (_LOAD, "a key was pressed at any time before"),
    "allocation": (_LOAD, "trials drawn by lot; `allocation_sha256` of the list"),
    "units": (_LOAD, "units that the display was read in; `unit_of` by instant"),
    "words": (_LOAD, "what stood in the place of a weight"),
    "read_moving": (_LOAD, "readings taken while it moved"),
    "weights_checked": (_LOAD, "what two persons said of the weights, where it differs"),
    "stated_counter": (_LOAD, "event counter as stated; `stated_counter_after` at the end"),
    "balance": (_LOAD, "check of the balance that told a covert load: kg as marked, as shown"),
    "hired": (_RIDE, "the taximeter was hired"),
    "handbrake": (_RIDE, "True: the vehicle stood still"),
    "reference": (_RIDE, 'what the way is known by: "surveyed" ...'),
    "tariff": (_RIDE, "the tariff that was shown"),
    "hired_ns": (_RIDE, "when the hire began, by the meter's link"),
    "legs_m": (_RIDE, "lengths of the legs driven"),
    "top_kmh": (_RIDE, "highest speed asked for"),
    "certificate_k": (_RIDE, "K of the certificate"),
    "on_rollers": (_RIDE, "driven on a drum"),
    "fed": (_RIDE, "pulses were given in place of the sensor's"),
    "pressed": (_RIDE, "keys pressed in it"),
    "clock_offset_s": (_RIDE, "the meter's clock less the right time, and its uncertainty"),
    "civil_ns": (_RIDE, "what is added to the run's clock for civil time"),
    "records": (_RIDE, "records told on the meter's link, and the newest before them"),
    "shifts": (_RIDE, "shifts that were closed"),
    "heartbeats": (_RIDE, "state bytes"),
    "tariffs": (_RIDE, "tariff blocks, each reading that they can have"),
    "meter_times": (_RIDE, "(instant, the meter's clock)"),
    "isu_wrote": (_RIDE, "messages that change a meter, or may"),
}
