"""Sections that every kind of report shares: the case, the people, what it was measured with, where it stands in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from captures.digest import grouped, qr_svg
from captures.seal import digest_text
from fixtures.language import listed, mark, tell, translate
from fixtures.typed import ABSENT as ABSENT_WORDS
from harness.paper.held_against import held_against
from harness.paper.itself import itself
from harness.paper.model import Blanks, Block, Facts, Figure, Paragraph, Place, Section, Table, Tone
from harness.paper.source import Source
from harness.report.figures import figure
from harness.report.text import LEVELS
from harness.report.wording import percent, said
from harness.step import LABORATORY

ABSENT = mark("not stated in this case")
ANSWERS = {  # keys of the legal and identity blocks, in the order of a record
    "legal_basis": mark("legal basis and number"), "commission": mark("application or order"), "party_absent": mark("party absent because"),
    "nameplate": mark("nameplate"), "type_approval": mark("type approval"), "K": mark("K on the nameplate"), "software": mark("software and checksum"),
    "event_counter": mark("event counter"), "seals_before": mark("seals as found"), "self_lock_codes": mark("codes shown at start"),
    "software_after": mark("software and checksum, at the end"), "event_counter_after": mark("event counter, at the end"), "seals_after": mark("seals, at the end"),
    "statement": mark("statement of the party"), "retest": mark("request of a retest"), "handover": mark("handed over to"),
}  # fmt: skip
PEOPLE = {
    "officers": mark("officers"),
    "party_name": mark("present for the party"),
    "witness": mark("witness"),
    "remote": mark("who pressed the remote"),
}
POWERED = "power-"  # of a segment's state, before the number of cuts
STANDARD = (mark("station"), mark("standard"), mark("certificate"), mark("standard uncertainty"), mark("due"))
INSTRUMENT = (mark("instrument of the bench"), mark("driver"), mark("connected by"), mark("calls itself"))
LOAD = (
    mark("phase"),
    mark("power"),
    mark("n"),
    mark("load, kg"),
    mark("gravest error, kg"),
    mark("u, kg"),
    mark("limit, kg"),
    mark("decision"),
)
GROUP = (mark("phase"), mark("power"), mark("flow"), mark("n"), mark("mean error"), mark("u"), mark("decision"))
RUN = (
    mark("measurement"),
    mark("phase"),
    mark("power"),
    mark("from, s"),
    mark("to, s"),
    mark("display"),
    mark("register"),
    mark("reference"),
    mark("error of indication"),
    mark("relative error of indication"),
)
REGISTER = RUN.index("register")
AFTER_KEYS, LATER = mark("{measurement}, after keys"), mark("{measurement}, read later")
PLACE = (
    mark("measurement"),
    mark("from, s"),
    mark("to, s"),
    mark("first journal line"),
    mark("last journal line"),
    mark("read, and on which line"),
)
READ = {  # what is read for a measurement, where its own name says it to nobody
    "weigh": mark("weighed"), "prove": mark("read at the prover"), "meter": mark("read at the taximeter"), "receipt": mark("receipt"),
}  # fmt: skip
STATED = frozenset(ABSENT_WORDS.values()) | {"yes", "no"}
ONE_OF = mark("{instrument}: {section}")  # heading of what is said of one of several instruments
UNCUT, CUT = mark("not cut"), mark("cut {times} times")
FLOWS = {"full": mark("full"), "slow": mark("slow")}
SIGN = (
    mark("officer, date"),
    mark("second officer, date"),
    mark("party, date; or refused, because"),
    mark("witness, date"),
)


def case_section(source: Source) -> Section:
    """Number, digest and time of the case, and its digest as QR code: what ties this paper to those bytes."""
    rows = [
        (translate(mark("case")), source.id),
        (translate(mark("begun (UTC)")), source.begun_utc or translate(ABSENT)),
        (translate(mark("ended (UTC)")), source.ended_utc or translate(ABSENT)),
        (translate(mark("head of the journal (SHA-256)")), grouped(source.journal_head)),
    ]
    blocks: list[Block] = []
    if source.digest:
        rows.append((translate(mark("digest of the sealed case (SHA-256)")), grouped(source.digest)))
        svg = qr_svg(digest_text(source.id, source.digest).decode()).decode()
        alt = translate(mark("QR code of case number and digest"))
        blocks.append(
            Figure("digest", svg, translate(mark("Case number and digest, to be compared with the sealed case")), alt)
        )
    else:
        blocks.append(
            Paragraph(
                translate(mark("The case is not sealed: nothing but the head of its journal ties this paper to it.")),
                Tone.WARNING,
            )
        )
    return Section("case", translate(mark("The case")), (Facts(tuple(rows)), *blocks))


def people_section(source: Source) -> Section | None:
    rows = [(translate(PEOPLE[key]), source.people[key]) for key in PEOPLE if key in source.people]
    rows += [(translate(ANSWERS[key]), _stated(source.answers[key])) for key in ANSWERS if key in source.answers]
    return (
        Section("people", translate(mark("People, instrument and statements, as answered")), (Facts(tuple(rows)),))
        if rows
        else None
    )


def _stated(answer: str) -> str:
    """An answer as it was typed; the words of the tool, such as `none`, `refused` and `no`, in the reader's language."""
    return tell(answer) if answer in STATED else answer


def signatures() -> Section:
    return Section("signatures", translate(mark("Signatures")), (Blanks(tuple(translate(one) for one in SIGN)),))


def measured_with(source: Source) -> Section:
    """Standards with their certificates, the tool and its version, the limits and the plan by their digests."""
    rows = tuple(
        (
            str(one.get("of", "-")), str(one.get("name", "-")), str(one.get("certificate", "-")), f"{one.get('u', '-')} {one.get('unit', '')}".strip(),
            str(one.get("due", "-")),
        )
        for one in source.document.get("standards", ())
    )  # fmt: skip
    blocks: list[Block] = []
    if rows:
        blocks.append(Table("standards", tuple(map(translate, STANDARD)), rows))
    else:
        blocks.append(
            Paragraph(translate(mark("No standard with its certificate was declared for this bench.")), Tone.WARNING)
        )
    if bench := tuple(_instruments(source)):
        blocks.append(Table("instruments", tuple(map(translate, INSTRUMENT)), bench))
    blocks.append(Facts(tuple(_software(source.header))))
    if source.header.get("world") == "simulated":
        blocks.insert(
            0,
            Paragraph(
                translate(mark("THE BENCH WAS SIMULATED: this is said of a model, not of an instrument.")), Tone.WARNING
            ),
        )
    return Section("devices", translate(mark("What it was measured with")), tuple(blocks))


def _instruments(source: Source) -> Iterator[tuple[str, ...]]:
    """Each instrument of the bench once, as it was connected first."""
    met = set()
    for _, body in source.recorded.entries if source.recorded is not None else ():
        if body.get("kind") == "instrument" and body["name"] not in met:
            met.add(body["name"])
            links = ", ".join(str(link.get("url", "")) for link in body.get("links", {}).values())
            yield str(body["name"]), str(body.get("driver", "")), links or "-", itself(body.get("identity", {}))


def _software(header: Mapping[str, Any]) -> list[tuple[str, str]]:
    own = header.get("software") or {}
    told = {
        mark("tool"): f"{header.get('tool', '')} {header.get('version', '')}".strip(),
        mark("commit"): own.get("commit"),
        mark("installed files (SHA-256)"): own.get("files_sha256"),
        mark("plan"): header.get("plan"),
        mark("plan (SHA-256)"): header.get("plan_sha256"),
        mark("bench file (SHA-256)"): header.get("bench_sha256"),
        mark("edition"): header.get("edition"),
    }
    return [(translate(label), str(value)) for label, value in told.items() if value]


def errors_section(document: Mapping[str, Any], prefix: str = "") -> Section | None:
    """Errors of indication by phase, sealed state and flow, of a scale by load, as conformity was judged.  `prefix`: see `named`."""
    groups = document["conformity_detail"]["groups"]
    if not groups:
        return None
    weighed = "load" in groups[0]
    columns, rows = (LOAD, map(_weighed, groups)) if weighed else (GROUP, map(_delivered, groups))
    rests = tuple(tuple(prefix + id for id in one.get("segments") or [one["segment"]]) for one in groups)
    table = Table("errors", tuple(map(translate, columns)), tuple(rows), rests=rests)
    return Section("errors", translate(mark("Errors of indication")), (table,))


def _delivered(one: Mapping[str, Any]) -> tuple[str, ...]:
    flow, level = translate(FLOWS.get(str(one.get("flow")), "-")), translate(LEVELS[one["conformity"]])
    return *_state(one), flow, str(one.get("n", 1)), percent(one["error"]), percent(one["u"], sign=False), level


def _weighed(one: Mapping[str, Any]) -> tuple[str, ...]:
    """The gravest loading of its group."""
    figures = (
        f"{one['load']:g}",
        f"{figure(round(one['error'], 9) + 0.0, '+.4g')}",
        figure(one["u"], ".2g"),
        f"±{one['limit']:g}",
    )
    return *_state(one), str(one["n"]), *figures, translate(LEVELS[one["conformity"]])


def _state(one: Mapping[str, Any]) -> tuple[str, str]:
    return _phase(str(one.get("phase", "-"))), _power(str(one.get("state", "-")))


def _phase(letter: str) -> str:
    return translate(mark("laboratory")) if letter == LABORATORY else letter


def _power(state: str) -> str:
    """How often power had been cut by then."""
    times = state.removeprefix(POWERED)
    if times == state:
        return said(state)
    return translate(UNCUT) if times == "0" else translate(CUT, times=times)


def runs_section(source: Source, document: Mapping[str, Any], unit: str, prefix: str = "") -> Section | None:
    """The measurements of one instrument, with the lines on which what was read for each stands."""
    found = [(one, row) for one in document["segments"] for row in _rows(one)]
    rows = tuple(row for _, row in found)
    if not rows:
        return None
    caption = translate(mark("display, register, reference and error of indication in {unit}"), unit=unit)
    steps = {one["step_l"] for one in document["segments"] if one["step_l"]}
    if len(steps) == 1:
        caption += translate(mark("; step of the display: {step} {unit}"), step=f"{steps.pop():g}", unit=unit)
    read = {place.segment: tuple(line for _, line in place.read) for place in source.places}
    rests = tuple(read.get(prefix + one["id"], ()) for one, _ in found)
    columns = tuple(map(translate, RUN))
    if all(row[REGISTER] == "-" for row in rows):  # no part of this instrument, or not heard
        columns, rows = _without(columns), tuple(map(_without, rows))
    table = Table("measurements", columns, rows, caption, rests)
    return Section("runs", translate(mark("Measurements in order")), (table,))


def _rows(one: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A measurement, and what else was shown of the same load: each reading beside its own error."""
    yield _row(one, str(one["id"]), one["begin_s"], one["end_s"])
    for later in one["later"]:
        name = translate(AFTER_KEYS if later["after_keys"] else LATER, measurement=one["id"])
        yield _row({**one, "register_l": None, **later}, name, later["at_s"], later["at_s"])


def _row(one: Mapping[str, Any], name: str, begin_s: float, end_s: float) -> tuple[str, ...]:
    display, *held = held_against(one)
    register = str(one["register_l"] or "-")
    return name, *_state(one), f"{begin_s:.1f}", f"{end_s:.1f}", display, register, *held


def _without(row: tuple[str, ...]) -> tuple[str, ...]:
    return row[:REGISTER] + row[REGISTER + 1 :]


def places_section(places: Sequence[Place]) -> Section | None:
    if not places:
        return None
    rows = tuple(
        (one.segment, f"{one.begin_s:.1f}", f"{one.end_s:.1f}", one.first, one.last, _read(one)) for one in places
    )
    text = translate(
        mark(
            "Every figure rests on measurements named beside it; the bytes behind each stand between these lines of the journal."
        )
    )
    columns = tuple(map(translate, PLACE))
    return Section(
        "places", translate(mark("Where it stands")), (Paragraph(text, Tone.FINE), Table("places", columns, rows))
    )


def read_as(what: str) -> str:
    """What was read, as an operator calls it."""
    return translate(READ[what]) if what in READ else said(what)


def _read(place: Place) -> str:
    return listed(f"{read_as(what)} {line}" for what, line in place.read) or "-"


def closing(source: Source) -> Iterator[Section]:
    """What stands behind the results of a report: people, devices, the case, where it stands, and room for signatures."""
    for section in (
        people_section(source),
        measured_with(source),
        case_section(source),
        places_section(source.places),
        signatures(),
    ):
        if section is not None:
            yield section
