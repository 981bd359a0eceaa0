"""What the judge says, in the reader's language.

The judge knows no catalogue: its sentences are English and stand in stored documents as they are.  Here they are named
for the catalogue and looked up when a report is shown; what is not known stays English.  Sentences with figures are
templates; a figure is never translated.
"""

from __future__ import annotations

import re

from fixtures.language import listed, mark, translate, translated
from harness.report import wording_taxi
from harness.report.figures import figure
from harness.report.forms import sentence

MECHANISMS = (
    mark("edges at the board and edges of the encoder differ"),
    mark("the channels of the pulser do not move as one shaft moves them"),
    mark("pulses between pulses, or pulses missing, in steady motion"),
    mark("the error changes inside a delivery"),
    mark("surplus pulses keep a time of their own, whatever flows"),
    mark("pulses come while the nozzle is closed"),
    mark("pulses follow each other faster than the meter can turn"),
    mark("the code disc has another number of slots than declared"),
    mark("the pattern of the code disc comes again after more pulses than it has slots"),
    mark("the pulses begin to slip against the pattern of their code disc"),
    mark("a timer gives out the pulses that should come from a code disc"),
    mark("the pulses are more even than a code disc turns: a device averages them"),
    mark("a device makes one channel of the pulser from the other"),
    mark("the pulse rate rises faster than pump, valve and hose let the flow rise"),
    mark("the pulse rate steps inside a delivery"),
    mark("the register is not the sealed K times the board's input"),
    mark("the display is not the register"),
    mark("the amount is not the price times the volume"),
    mark("the totaliser does not advance by what was sold"),
    mark("the same volume is counted differently"),
    mark("some sales of one context count more than the others"),
    mark("parts of one sale are counted differently"),
    mark("the sale does not begin at zero"),
    mark("the register advances while the nozzle is closed"),
    mark("over a row of sales the totaliser does not advance by their sum"),
    mark("totaliser or identity are others after power was cut"),
    mark("the self-lock stays silent where it must show a code"),
    mark("a sealed parameter is not what was sealed"),
    mark("the error is beyond what honest adjustment makes"),
    mark("the error of a known load is beyond what honest adjustment makes"),
    mark("the same load is weighed otherwise"),
    mark("what an untouched load shows moves when a key is pressed"),
    mark("the display is not what the scale sends"),
    mark("the price is not the weight times the unit price"),
    mark("the ticket or the record is not what was displayed"),
    mark("the empty scale does not show zero"),
    mark("the error depends on the load as no straight line does"),
    mark("some weights are never shown, or the display steps otherwise than declared"),
    mark("the size lies on a lattice of round gains"),
    mark("what an untouched load shows follows the presses that were drawn by lot"),
    mark("a labelled key has none of its functions"),
    mark("a ticket is printed while the weight is not at rest"),
    mark("what an untouched load shows moves although nobody works the scale"),
    mark("what a load at rest shows is switched, without the transient that a load has"),
    mark("the weight of a vehicle comes faster than it can drive on"),
    mark("a load at rest shows another noise than the others"),
    mark("the line calls a weight stable while it moves, or never does"),
    mark("zero tracking takes away more, and faster, than it may"),
    mark("the frames of the line come at another pace, or later, from some moment on"),
    mark("the place of the load on the deck matters in one state alone, or a cell does not weigh"),
    *wording_taxi.MECHANISMS,
)
SIZES = (
    mark(": by a fixed volume per sale"),
    mark(": by a share of the volume"),
    mark(": by a fixed volume per sale and a share of the volume"),
)
CONTEXTS = (
    mark("in sales the trader did not know to be watched"),
    mark("before and after power was cut"),
    mark("in long and in short deliveries"),
    mark("after a key, remote or switch was worked"),
    mark("at slow and at full flow"),
    mark("at its beginning and later on"),
    mark("in sales by volume and in sales by amount or without a preset"),
    mark("in the one and in the other setting that were registered beforehand"),
)
QUESTIONS = (
    mark("does what is shown follow the reference"),
    mark("does what is shown follow what was delivered"),
    mark("do more pulses enter the board than leave the encoder"),
    mark("does the register count what enters the board"),
    mark("does the display show the register"),
    mark("is the amount price times volume"),
    mark("is a sale that is watched measured like one that is not"),
    mark("is it the same before and after power was cut"),
    mark("does the totaliser advance by what was sold"),
    mark("does a sale begin at zero"),
    mark("did the self-lock show its code where it must"),
    mark("are the parameters of the menu those that were sealed"),
    mark("was anything measured"),
    mark("was the plan carried out to its end"),
    mark("does the error change while the reference and the pulser run"),
    mark("does what is shown follow the load"),
    mark("is a load that is watched weighed like one that is not"),
    mark("does a key change what the same load weighs"),
    mark("does the display show what the line says"),
    mark("is the price the unit price times the weight"),
    mark("does the ticket say what was displayed"),
    mark("does the record keep what was displayed"),
    mark("does it come back to zero when it is unloaded"),
    *wording_taxi.QUESTIONS,
)
SHAPES = (mark("kink"), mark("jump"), mark("jumps"), mark("on-off"), mark("sawtooth"), mark("break"))
REASONS = (
    mark("no reference or display"),
    mark("no covert and overt deliveries to compare"),
    mark("power was not cut"),
    mark("not read"),
    mark(
        "codes of more than two keys, and codes typed while the scale starts, were not reached by pressing keys: of these there is no end"
    ),
    mark("the encoder is tapped on the same clock: edge balance compares the edges themselves"),
    mark("no price"),
    mark("K not sealed"),
    mark("no single train of equal edges"),
    mark("no channel of both stations"),
    mark("pulses per litre, topology or blending not declared"),
    mark("no steady motion of this station"),
    mark("nobody looked"),
    mark("no delivery was recorded"),
    mark("no reading at rest"),
    mark("the sale was cut"),
    mark("fewer than two parts were measured"),
    mark("no delivery could be followed that far"),
    mark("no in-line reference and no sale measured in parts: a can or prover shows nothing beyond its own volume"),
    mark("a recording of taps shows neither register nor display nor money"),
    mark("no known load"),
    mark("no loads weighed both for a customer and openly"),
    mark("no key was pressed"),
    mark("the empty scale was not read"),
    mark("no load was weighed"),
    mark("a key that adds sales up was pressed"),
    mark("shown in more than one unit"),
    mark("no reading at rest of both"),
    mark("the ticket is that of the load before"),
    mark("the record is that of the load before"),
    mark("a tare is held"),
    mark("the empty scale was not read at rest"),
    mark("a key that moves the zero was pressed"),
    mark("the ramp visits too few codes"),
    mark("the ramp was too fast"),
    mark("what came on the line was no reading in part"),
    mark("the order was not committed to before it was drawn"),
    mark("the order is not one of whole blocks ABBA or BAAB"),
    mark("not every trial was marked"),
    mark("not every trial was read at rest"),
    mark("the trials were not marked"),
    mark("a key was pressed whose own work changes what is displayed"),
    mark("a hold or averaging mode is declared"),
    mark("nothing was printed while the line was heard"),
    mark("the load did not lie still for ten seconds"),
    mark("no step that could be compared with a load of like size"),
    mark("the line renews its readings too slowly to show how a vehicle comes"),
    mark("a silence or garbage while the load came"),
    mark("no vehicle came or went"),
    mark("neither a bound with its source nor four other vehicles that came or went"),
    mark("no line to follow"),
    mark("no frame"),
    mark("too few separate readings at rest"),
    mark("too little on the scale"),
    mark("the display sits on one code: no power"),
    mark("fewer than four other loads of its size"),
    mark("it moved while it lay there"),
    mark("the line tells nothing of stability"),
    mark("the line is too slow to show a moving frame"),
    mark("not left alone near zero"),
    mark("too few frames without a silence"),
    *wording_taxi.REASONS,
)
LIMITS = (
    mark("seen in a single run"),
    mark("evidence below the threshold of proof"),
    mark("fewer than three separate violations and no photographed reading"),
    mark("not reproduced in a fresh run, nor recorded by a second station"),
    mark("no honest causes are listed for this test and link, so none could be excluded"),
    mark("a constant gain alone is a matter of conformity and at most suspect"),
    mark("this is a property of a type of device, which approved pulsers have too: alone at most suspect"),
    mark("found by a search: only a fresh run on a budget of its own can confirm it"),
    mark("a recording of a single tap is at most suspect"),
    mark("a recording made elsewhere, without a plan of this case and the instrument's papers, is at most suspect"),
    mark("gas or vapour was seen in the flow and can make this: cure it and measure again"),
    mark(
        "the seals were not found as they had been left: what was seen before that and what was seen afresh do not bear each other out"
    ),
)
TESTS = (  # detectors by their ids
    mark("edge-balance"),
    mark("quadrature"),
    mark("split"),
    mark("course"),
    mark("oscillator"),
    mark("zero-flow"),
    mark("dead-time"),
    mark("slots"),
    mark("period-gain"),
    mark("fingerprint-slip"),
    mark("timer-lattice"),
    mark("jitter-floor"),
    mark("channel-phase"),
    mark("acceleration"),
    mark("gain-onset"),
    mark("register-law"),
    mark("display-law"),
    mark("amount-law"),
    mark("totaliser-law"),
    mark("gain-change"),
    mark("sale-gain"),
    mark("portion-gain"),
    mark("start-law"),
    mark("zero-law"),
    mark("visit-totaliser"),
    mark("restart-law"),
    mark("self-lock-law"),
    mark("parameter-law"),
    mark("constant-gain"),
    mark("scale-error"),
    mark("load-gain"),
    mark("held-load"),
    mark("load-line"),
    mark("weight-law"),
    mark("price-law"),
    mark("ticket-law"),
    mark("zero-return"),
    mark("code-gap"),
    mark("gain-lattice"),
    mark("random-press"),
    mark("key-inventory"),
    mark("price-moving"),
    mark("rest-step"),
    mark("step-dynamics"),
    mark("drive-on"),
    mark("plateau-noise"),
    mark("stable-moving"),
    mark("zero-tracking"),
    mark("line-cadence"),
    mark("cell-share"),
    *wording_taxi.TESTS,
)
EDITIONS = (  # titles and clauses of protocols/acceptance
    mark("JJG 443-2023 Fuel dispensers (trial verification regulation)"),
    mark("JJG 443-2015 Fuel dispensers (verification regulation)"),
    mark("JJG 996-2012 Compressed natural gas dispensers"),
    mark("JJG 1114-2015 Liquefied natural gas dispensers"),
    mark("LPG dispensers, Chinese verification rule (edition not stated)"),
    mark("not stated in the copies read"),
    mark("OIML R 76-1:2006 Non-automatic weighing instruments"),
    mark("JJG 539-2016 Digital indicating weighing instruments (verification regulation)"),
    mark("3.5.1, Table 6"),
    mark("3.5.1, Table 6; 3.5.2"),
    *wording_taxi.EDITIONS,
)
NOTES = (mark("the number of a confirmation was given to two targets: what was run for the second counts nowhere"),)
STATUSES = (mark("stopped"), mark("error"), mark("cut"))
STATIONS = (
    mark("reference"),
    mark("encoder"),
    mark("board"),
    mark("register"),
    mark("display"),
    mark("amount"),
    mark("totaliser"),
    mark("load"),
    mark("counts"),
    mark("weight"),
    mark("price"),
    mark("ticket"),
    mark("record"),
    *wording_taxi.STATIONS,
)
# sentences with figures; a field in a field is a sentence of its own
TEMPLATES = (
    mark("{name} (number recalled)"),
    mark("{name} (numbers recalled)"),
    mark("{number} step"),
    mark("power-{number}"),
    mark("codes of keys: {number} of {count} ordered pairs were tried, each followed by a reading of a load"),
    mark("does the error begin or change inside a delivery, up to beyond {litres} L"),
    mark("only effects above {effect} would have been seen"),
    mark("the longest delivery asked was {litres} L"),
    mark("{litres} L are too little"),
    mark("the run ended as {status}"),
    mark("were pulses put in or taken out ({where})"),
    mark("do the channels move as one shaft moves them ({where})"),
    mark("{why}: e = {e}, threshold {threshold}"),
    mark("not excluded: {cause}"),
    mark("rests on a standard past its due day ({where}): at most suspect"),
    mark("what would exclude an honest cause rests on a standard past its due day ({where})"),
    mark("declared {fact}"),
    mark("over {link} {effect} were seen, more than {other} explains"),
    mark("over {link} {effect} and more was also seen in {segments}, where this break does not act"),
    mark("false-accusation budget of the case: alpha = {alpha}, that is {cases} in 10^5 honest cases"),
    mark("this instrument has {share} of it: alpha = {alpha}"),
    mark(
        "confirmation {number}, deliveries that were cut and do not stand: {count}; each halves its level, and what was delivered before one that was made anew counts nowhere"
    ),
    mark("confirmation {number} did not come to its end: a test that compares its deliveries claims nothing"),
    mark("registered by nobody before it was done, counts nowhere: {segments}"),
    mark("without validation, hence without a claim: {names}"),
    mark("detector {name} failed and says nothing: {why}"),
    mark("registered in this case and not used now: {name}, version {version} ({why})"),
    mark("registered in this case: {name}, version {version}; used now: version {now}"),
    mark("registered in this case with another weight or other parameters: {name}, version {version}"),
    mark("used now and not registered in this case: {names}"),
    mark("not installed"),
    mark("the bench was simulated: this is said of a model, not of an instrument"),
    mark("people's answers came from a file: it does not show when they were given"),
    mark("standard {name}: no certificate and no due day declared"),
    mark("standard {name}: no certificate, uncertainty and due day declared"),
    mark("standard {name}: no certificate declared"),
    mark("standard {name}: no due day declared"),
    mark("standard {name}, certificate {certificate}, due {due}, used on {day} (UTC)"),
    mark("standard {name}, no certificate stated, due {due}, used on {day} (UTC)"),
    mark("overdue standard used: {what}; reason on record: {reason}"),
    mark("overdue standard used and not overridden on record: {what}"),
    mark("fewer than {n} different known loads in one state"),
    mark("fewer than {n} loads that are no round masses"),
    *wording_taxi.TEMPLATES,
)
NOTHING = 1e-12
PROBABILITIES = ("alpha", "e", "threshold")  # may be as small or great as no digits show
PROGRAM_FIGURE = re.compile(r"[0-9.]+e[+-][0-9]+")
FIGURES = frozenset(
    {
        "e",
        "threshold",
        "alpha",
        "cases",
        "effect",
        "litres",
        "share",
        "segments",
        "names",
        "name",
        "number",
        "count",
        "certificate",
        "due",
        "day",
        "speed",
        "reason",
    }
)


def said(text: str) -> str:
    """`text` of a verdict document in the reader's language, unchanged where it is not known."""
    if (known := translated(text)) is not None:
        return known
    if (found := sentence(text, TEMPLATES)) is None:
        return text
    template, fields = found
    return translate(template, **{name: _field(name, part) for name, part in fields.items()})


LINKS = frozenset({"link", "other"}) - FIGURES


def _field(name: str, part: str) -> str:
    if name in PROBABILITIES and PROGRAM_FIGURE.fullmatch(part):
        return figure(float(part), "g")
    if name in LINKS:
        return chain(part)
    return part if name in FIGURES else _part(name, part)


def _part(name: str, part: str) -> str:
    """A field of a sentence: a sentence of its own, or stations in a row."""
    return listed(map(said, part.split(", "))) if name == "where" else said(part)


def mechanism(text: str) -> str:
    """What a finding says breaks: the law, by how much it grows, and in which context."""
    context = next((one for one in CONTEXTS if text.endswith(f" {one}")), "")
    law = text.removesuffix(f" {context}") if context else text
    size = next((one for one in SIZES[::-1] if law.endswith(one)), "")
    law = law.removesuffix(size)
    if not context:
        return said(law) + (said(size) if size else "")
    return translate(
        mark("{law}{size} {context}"), law=said(law), size=said(size) if size else "", context=said(context)
    )


def chain(link: str) -> str:
    """A link of the chain, "reference>display"."""
    return ">".join(said(station) for station in link.split(">"))


def percent(value: float, sign: bool = True) -> str:
    """A ratio in percent; what is less than arithmetic can tell is none."""
    value = 0.0 if abs(value) < NOTHING else value
    return f"{figure(value * 100, '+.3g' if sign else '.3g')} %"
