"""How the run was made, for people: that it was cut, how often, and what was left out of the judgement thereby."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fixtures.language import listed, mark, tell, translate
from harness.derive.history import GONE_ON, MEASURED
from harness.report.forms import sentence
from harness.report.line_faults import line_fault
from harness.report.stops import stop_reason
from harness.report.wording import chain, said
from harness.step import SEARCH

MOST = 20  # lines of a kind; the document holds them all

STEPS = {  # kinds of step as the journal names them
    "Phase": mark("Phase"),
    "Confirm": mark("Confirm"),
    "Inquire": mark("Inquire"),
    "Choose": mark("Choose"),
    "Photo": mark("Photo"),
    "Wait": mark("Wait"),
    "Mark": mark("Mark"),
    "Deliver": mark("Deliver"),
    "Continue": mark("Continue"),
    "Shut": mark("Shut"),
    "Read": mark("Read"),
    "Weigh": mark("Weigh"),
    "Prove": mark("Prove"),
    "Press": mark("Press"),
    "PowerCycle": mark("PowerCycle"),
    "Judge": mark("Judge"),
    "Load": mark("Load"),
    "Keys": mark("Keys"),
    "Drive": mark("Drive"),
    "Hire": mark("Hire"),
    "Stand": mark("Stand"),
    "Vacate": mark("Vacate"),
    "Work": mark("Work"),
    "Instrument": mark("Instrument"),
    "Purpose": mark("Purpose"),
    "Commit": mark("Commit"),
    "Draw": mark("Draw"),
    "Searched": mark("Searched"),
    "Clause": mark("Clause"),
    "Changeover": mark("Changeover"),
}
READ = {
    "display": mark("display"),
    "totaliser": mark("totaliser"),
    "start": mark("start"),
    "parameters": mark("parameters"),
    "weighing": mark("weighing"),
    "line": mark("line"),
    "ticket": mark("ticket"),
    "record": mark("record"),
}
RENEWED = (mark("the one that this run began on"), mark("a new one, made when the run was resumed"))
CHANGED = (  # what a difference from the first start is in (harness/changes.py)
    mark("simulated bench"),
    mark("plan, line {number}"),
    mark("bench, line {number}"),
    mark("tool {key}"),
    mark("step {number}"),
    mark("instrument {name}"),
)


def made(document: Mapping[str, Any]) -> list[str]:
    """Nothing for a run that went through from its first step to its last as it was planned."""
    told = document.get("history")
    if told is None:  # no run: a recording made elsewhere
        return []
    lines: list[str] = []
    further = [gap for gap in told["gaps"] if gap["why"] == GONE_ON]
    if told["gaps"] and len(further) == len(told["gaps"]):
        text = mark(
            "THE RUN WAS GONE ON WITH AFTER ITS END: the program was started {starts} times; nobody listened in between:"
        )
        lines += [translate(text, starts=told["starts"]), *_most([_gap(gap) for gap in told["gaps"]])]
    elif told["starts"] > 1:
        text = mark("THE RUN WAS CUT AND WENT ON: the program was started {starts} times; nobody listened in between:")
        lines += [translate(text, starts=told["starts"]), *_most([_gap(gap) for gap in told["gaps"]])]
    if told.get("extensions"):
        lines.append(translate(mark("Registered after its end, each before its first delivery:")))
        lines += _most([line for one in told["extensions"] for line in (_extension(one), *_given_up(one))])
    lines += _superseded(told["superseded"])
    if told["taken_as_done"]:
        text = mark("Taken as done before the cut, because the operator said so: {steps}")
        lines.append(translate(text, steps=listed(_step(one["step"]) for one in told["taken_as_done"])))
    if told["changes"]:
        lines.append(translate(mark("Differences from the first start, accepted on record:")))
        lines += _most([_change(one) for one in told["changes"]])
    if told["corrections"]:
        lines.append(translate(mark("Answers changed after they were given; the later one counts:")))
        lines += _most([_correction(one) for one in told["corrections"]])
    lines += _line_faults(told.get("line_faults") or [])
    if doubted := told.get("loads_not_used"):
        lines.append(
            translate(mark("Loads that no error was taken from: the officers did not read the same marks on them:"))
        )
        lines += _most([_doubted(one) for one in doubted])
    if wrong := told.get("balance_wrong"):
        text = mark(
            "The balance that told the covert loads showed {shown} kg of what was held to be {marked} kg: no error is taken from them: {loadings}"
        )
        fields = {"shown": wrong["shown_kg"], "marked": wrong["marked_kg"], "loadings": listed(wrong["loadings"])}
        lines.append(translate(text, **fields))
    for one in told["clock_steps"]:
        text = mark(
            "the computer's clock was set by {set} s or went astray so far, it slept {slept} s ({place}); nothing is timed by it"
        )
        lines.append(translate(text, set=f"{one['set_s']:+.1f}", slept=f"{one['slept_s']:.1f}", place=one["place"]))
    return [*lines, ""] if lines else []


def _gap(gap: Mapping[str, Any]) -> str:
    """On the clock of the run and by the calendar: where that was set, the run's clock goes on by one second alone."""
    text = mark("  {seconds} s from {begin} s of the run on: {why} ({place})")
    if gap["in"]:
        text = mark("  {seconds} s from {begin} s of the run on, in {step}: {why} ({place})")
    seconds = f"{gap['to_s'] - gap['from_s']:.1f}"
    line = translate(
        text,
        seconds=seconds,
        begin=f"{gap['from_s']:.1f}",
        step=_step(gap["in"]),
        why=stop_reason(gap["why"]),
        place=gap["place"],
    )
    if gap["utc_from"] and gap["utc_to"]:
        line += translate(mark("; by the calendar {begin} to {end} UTC"), begin=gap["utc_from"], end=gap["utc_to"])
    return line


def _line_faults(faults: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each reason once, the most frequent first, and in which loadings."""
    if not faults:
        return []
    found = []
    for one in sorted(faults, key=lambda one: -int(one["stretches"])):
        text = mark("  {station}, {count} stretches, at {labels}: {why}")
        labels = listed([*one["loadings"][:MOST], *(["..."] if len(one["loadings"]) > MOST else [])])
        station = said(one["station"])
        found.append(
            translate(text, station=station, count=one["stretches"], labels=labels, why=line_fault(one["why"]))
        )
    return [
        translate(mark("What came on a line of the scale and does not count; nothing of it is averaged in:")),
        *_most(found),
    ]


def _doubted(one: Mapping[str, Any]) -> str:
    text = mark("  {label}: {asked} kg asked for, {said} kg put on as was said, {found} kg by the officer who looked")
    return translate(text, label=one["loading"], asked=one["asked_kg"], said=one["said_kg"], found=one["found_kg"])


def _extension(one: Mapping[str, Any]) -> str:
    """A search, or a confirmation: its number was taken then, whatever became of it."""
    worked = translate(mark(", ")).join(one["worked"]) or translate(mark("none"))
    if one["of"] == SEARCH:
        return translate(mark("  search {n}: {worked} ({place})"), n=one["number"], worked=worked, place=one["place"])
    name, _, link = one["target"].partition(":")
    text = mark("  confirmation {k}: {test} over {link}; worked: {worked} ({place})")
    return translate(text, k=one["number"], test=tell(name), link=chain(link), worked=worked, place=one["place"])


def _given_up(one: Mapping[str, Any]) -> list[str]:
    """That an extension ended before its last step, and why."""
    if "given_up" not in one:
        return []
    text = mark("  search {n} was given up: {why} ({place})")
    if one["of"] != SEARCH:
        text = mark("  confirmation {k} was given up: {why} ({place})")
    end, number = one["given_up"], one["number"]
    return [translate(text, n=number, k=number, why=stop_reason(end["why"], ""), place=end["place"])]


def _superseded(attempts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every deed that was done anew; of questions asked again their number."""
    if not attempts:
        return []
    deeds = [one for one in attempts if one["step"].split()[0] in MEASURED]
    lines = [translate(mark("Attempts that were done anew; they are recorded and NOT judged:"))]
    lines += _most([_attempt(one) for one in deeds])
    if len(attempts) > len(deeds):
        lines.append(translate(mark("  other steps done again: {count}"), count=len(attempts) - len(deeds)))
    return lines


def _attempt(one: Mapping[str, Any]) -> str:
    value = one["value"]
    seen = translate(mark("not finished"))
    if value is not None:
        seen = ", ".join(f"{key} {said}" for key, said in value.items() if isinstance(said, str | int | float))
    text = mark("  {step}, attempt {attempt}, begun at {begin} s: {seen} ({place})")
    return translate(
        text,
        step=_step(one["step"]),
        attempt=one["attempt"],
        begin=f"{one['begin_s']:.1f}",
        seen=seen or translate(mark("finished")),
        place=one["place"],
    )


def _step(name: str) -> str:
    """ "Read display A1": the kind of step, for a reading what was read, and its label as the plan has it."""
    kind, *rest = name.split(" ")
    told = [translate(STEPS[kind]) if kind in STEPS else kind]
    if kind == "Read" and rest and rest[0] in READ:
        told.append(translate(READ[rest.pop(0)]))
    return " ".join([*told, *rest])


def _change(one: Mapping[str, Any]) -> str:
    """Lines of plans and bench files stay as they are; what the program says of them is in the reader's language."""
    found = sentence(one["what"], CHANGED)
    what = one["what"] if found is None else translate(found[0], **found[1])
    expected, got = (translate(one[side]) if one[side] in RENEWED else one[side] for side in ("expected", "got"))
    return f"  {what}: {expected or '-'} -> {got or '-'}"


def _correction(one: Mapping[str, Any]) -> str:
    return f"  {one['key']}: {one['first'] or '-'} -> {one['now'] or '-'} ({one['place']})"


def _most(lines: Sequence[str]) -> list[str]:
    if len(lines) <= MOST:
        return list(lines)
    return [*lines[:MOST], translate(mark("  and {count} more"), count=len(lines) - MOST)]
