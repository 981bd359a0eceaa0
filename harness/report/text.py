"""A verdict document for people: the answer first, then what it rests on, then what could not be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.language import in_a_row, listed, mark, tell, translate
from harness.report.account import LITRES, account_lines
from harness.report.evidence import budget_lines, likelihood_lines
from harness.report.examined import examined
from harness.report.figures import figure
from harness.report.history import made
from harness.report.identity import identity_lines
from harness.report.possible import possible
from harness.report.protocol import protocol_lines
from harness.report.searched import searched_lines
from harness.report.stops import stop_reason
from harness.report.wording import chain, mechanism, percent, said

INTEGRITY = {
    "proven": mark("PROVEN: features of a cheating function were detected"),
    "suspect": mark("SUSPECT: something breaks the chain, but not all conditions of `proven` are met"),
    "inconclusive": mark("INCONCLUSIVE: a question this case had to answer could not be answered"),
    "no_evidence": mark("NO EVIDENCE of a cheating function in what was tried"),
}
CONTRAST = {
    "knowledge": mark("covert with overt measurements"),
    "state": mark("measurements before and after power was cut"),
    "volume": mark("long with short deliveries"),
    "event": mark("measurements with and without a key, remote or switch worked"),
    "flow": mark("slow with full flow"),
    "preset": mark("sales by amount with sales by volume"),
    "portion": mark("the parts of one delivery with each other"),
    "place": mark("the same part of deliveries before and after power was cut"),
    "registered": mark("the two settings that were registered beforehand"),
}
CONFORMITY = {"pass": mark("PASS"), "fail": mark("FAIL"), "inconclusive": mark("INCONCLUSIVE")}
LEVEL = {"proven": mark("proven"), "suspect": mark("suspect")}
LEVELS = {  # in tables
    "no_evidence": mark("no_evidence"),
    "inconclusive": mark("inconclusive"),
    "suspect": mark("suspect"),
    "proven": mark("proven"),
    "pass": mark("pass"),
    "fail": mark("fail"),
}
BASIS = {
    "prespecified": mark("prespecified"),
    "exploratory": mark("exploratory"),
    "confirmatory": mark("confirmatory"),
}
STATUS = {"stopped": mark("RUN STOPPED: {why}"), "error": mark("RUN ERROR: {why}")}
CONDITIONAL = mark("STANDARD PAST ITS DUE DAY: holds only if a calibration confirms it")
CONFORMITY_RESTS_ON = frozenset({"reference", "display"})
INTEGRITY_LINE, CONFORMITY_LINE = mark("integrity   {level}"), mark("conformity  {level}{detail}")


@dataclass(frozen=True)
class Told:
    """One part of a verdict in lines: which it is, and the number of the finding that it tells, 0 where it tells none."""

    part: str
    lines: tuple[str, ...]
    finding: int = 0


def verdict_text(document: Mapping[str, Any]) -> str:
    """The verdict in at most a few screens, in the reader's language."""
    parts = [part for part in verdict_parts(document) if part.lines]
    return "\n\n".join("\n".join(part.lines) for part in parts).rstrip()


def verdict_parts(document: Mapping[str, Any]) -> list[Told]:
    """The parts of a verdict in the order in which they are read; written reports are set from the same lines (harness/paper)."""
    late = frozenset(document.get("overdue_stations", ()))
    notes = [note for note in document["notes"] if not note.startswith("weight of ")]
    asked = [f"  - {_answered(question, late)}" for question in document["coverage"]]
    parts = {
        "answers": [translate(mark("What the case had to answer:")), *asked],
        "searched": searched_lines(document),
        "identity": identity_lines(document),
        "protocol": protocol_lines(document),
        "budget": budget_lines(document),
        "notes": [translate(mark("note: {note}"), note=said(note)) for note in notes],
    }
    return [
        Told("title", (_title(document),)),
        Told("summary", tuple(_summary(document, late))),
        *(_found(number, document, late) for number in range(1, len(document["findings"]) + 1)),
        *(Told(name, tuple(lines)) for name, lines in parts.items()),
    ]


def _title(document: Mapping[str, Any]) -> str:
    title = examined(document).title
    if document.get("protocol"):
        title = mark("Acceptance tests of {instrument}, and what its chain laws saw meanwhile")
    return translate(title, instrument=document["instrument"])


def _summary(document: Mapping[str, Any], late: frozenset[str]) -> list[str]:
    """The answer on each axis, behind what limits it."""
    lines = [*cut_short(document), *past_due(document), *made(document)]
    lines.append(integrity_line(document))
    level = translate(CONFORMITY[document["conformity"]])
    tested = document.get("protocol")
    detail = (
        _conformity(document["conformity_detail"])
        if not tested
        else translate(mark(", by the tests of {edition} below"), edition=tested["edition"])
    )
    lines.append(translate(CONFORMITY_LINE, level=level, detail=detail))
    if late & CONFORMITY_RESTS_ON:
        lines.append(f"            {translate(CONDITIONAL)}")
    return lines


def integrity_line(document: Mapping[str, Any]) -> str:
    return translate(INTEGRITY_LINE, level=translate(INTEGRITY[document["integrity"]]))


def _found(number: int, document: Mapping[str, Any], late: frozenset[str]) -> Told:
    finding = document["findings"][number - 1]
    lines = _finding(number, finding, str(document.get("quantity", LITRES)), late)
    if ratio := finding.get("likelihood"):
        lines += likelihood_lines(ratio, document["verbal_scale"])
    return Told("finding", tuple(lines), number)


def cut_short(document: Mapping[str, Any]) -> list[str]:
    """What is said of a run that did not come to its end."""
    if document["status"] == "complete":
        return []
    status = STATUS.get(document["status"], mark("RUN {status}: {why}"))
    return [
        translate(status, status=str(document["status"]).upper(), why=stop_reason(document["why"])),
        translate(mark("What was recorded before is judged below.")),
        "",
    ]


def past_due(document: Mapping[str, Any]) -> list[str]:
    """Each overdue standard that was used, before any figure that rests on it."""
    limits = document.get("limitations") or []
    if not limits:
        return []
    head = mark("A STANDARD PAST ITS DUE DAY WAS USED: figures that rest on it hold only if a calibration confirms it:")
    return [translate(head), *(f"  {said(limit)}" for limit in limits), ""]


def _answered(question: Mapping[str, Any], late: frozenset[str] = frozenset()) -> str:
    if question["answered"]:
        answer = mark("answered")
    else:
        answer = mark("NOT ANSWERED") if question["required"] else mark("not asked of this bench")
    text = translate(mark("{question}: {answer}"), question=said(question["text"]), answer=translate(answer))
    if question["why"]:
        text += translate(mark(" ({why})"), why=said(question["why"]))
    if question["mde"] is not None:
        effect = percent(question["mde"])
        text += translate(mark("; smallest effect that would have been seen: {effect}"), effect=effect)
        if late & set(question.get("stations", ())):
            text += translate(mark(" [{conditional}]"), conditional=translate(CONDITIONAL))
    return text


def _conformity(detail: Mapping[str, Any]) -> str:
    if detail["error"] is None:
        return translate(mark("  (no error of indication could be formed)"))
    stated = mark(
        "  error of indication {error}; standard uncertainty {u}, maximum permissible error +-{limit} by {edition}, clause: {clause}"
    )
    text = translate(
        stated,
        error=percent(detail["error"]),
        u=percent(detail["u"], sign=False),
        limit=percent(detail["limit"], sign=False),
        edition=tell(detail["edition_title"]),
        clause=tell(detail["clause"]),
    )
    if not detail["verified"]:
        legal = mark("this limit is unverified: the result is not a legal statement of non-conformity or conformity")
        text += f"\n            {translate(legal)}"
    return text


def _finding(number: int, finding: Mapping[str, Any], unit: str, late: frozenset[str] = frozenset()) -> list[str]:
    level, link = translate(LEVEL[finding["level"]]), chain(finding["link"])
    head = mark("Finding {number}: {level}, link {link}: {mechanism}")
    lines = [translate(head, number=number, level=level, link=link, mechanism=mechanism(finding["mechanism"]))]
    if finding["effect"] is not None:
        interval = finding["interval"]
        span = "" if interval is None else translate(SPAN, low=percent(interval[0]), high=percent(interval[1]))
        size = mark("  size        {effect} too much indicated, median of the measurements that show it{span}")
        lines.append(translate(size, effect=percent(finding["effect"]), span=span))
    if late & set(finding["link"].split(">")):
        lines.append(translate(mark("  standard    {conditional}"), conditional=translate(CONDITIONAL)))
    if where := _where(finding["at"], unit):
        lines.append(translate(mark("  where       {where}"), where=where))
    if account := finding.get("account"):
        lines += account_lines(account, unit)
    rests = mark("  rests on    {segments} by {detectors}")
    comma = translate(mark(", "))
    told = comma.join(tell(detector) for detector in finding["detectors"])
    lines.append(translate(rests, segments=comma.join(finding["segments"]), detectors=told))
    lines.append(
        translate(
            mark("  evidence    e-value {e}, threshold {threshold} ({source}), {basis}"),
            e=figure(finding["evidence"]),
            threshold=figure(finding["threshold"]),
            source=in_a_row(finding["threshold_source"].split(", ")),
            basis=translate(BASIS.get(finding["basis"], finding["basis"])),
        )
    )
    lines.append(
        translate(mark("  possible    {functions}"), functions=possible(finding["catalogue_ids"], finding["link"]))
    )
    for explanation in finding["explanations"]:
        state = translate(mark("NOT excluded"))
        if explanation["excluded_by"]:
            facts = " + ".join(said(fact) for fact in explanation["excluded_by"].split(" + "))
            state = translate(mark("excluded by {facts}"), facts=facts)
        lines.append(translate(mark("  honest      {cause}: {state}"), cause=said(explanation["cause"]), state=state))
    lines += [translate(mark("  limited     {limit}"), limit=said(limit)) for limit in finding["limits"]]
    return lines


SPAN = mark(" (from {low} to {high})")


def _where(at: Mapping[str, Any], unit: str) -> str:
    """What was located, in words: the volume at which it begins, and what it follows."""
    told = []
    onset = at.get("onset_l")
    if isinstance(onset, list):
        text = mark("begins between {low} and {high} {unit}, not at one volume in every delivery")
        told.append(translate(text, low=f"{min(onset):.2f}", high=f"{max(onset):.2f}", unit=unit))
    elif onset is not None:
        low, high = at.get("onset_interval_l", (onset, onset))
        text = mark("begins at {at} {unit} in every delivery (from {low} to {high} {unit})")
        told.append(translate(text, at=f"{onset:.2f}", low=f"{low:.2f}", high=f"{high:.2f}", unit=unit))
    if breaks := at.get("breaks_l"):
        places = listed(
            translate(
                mark("{at} {unit} (from {low} to {high} {unit})"),
                at=f"{b['at_l']:.2f}",
                low=f"{b['interval_l'][0]:.2f}",
                high=f"{b['interval_l'][1]:.2f}",
                unit=unit,
            )
            for b in breaks
        )
        text = mark("{kind}: breaks in every delivery at {places}")
        told.append(translate(text, kind=said(str(at.get("kind", "break"))), places=places))
    if stretches := at.get("stretches"):
        told.append(translate(mark("in {course}: {gains}"), course=at["course_of"], gains=_gains(stretches, unit)))
    if jumps := at.get("jumps_l"):
        each = [
            translate(
                mark("{litres} {unit} at {at} {unit}"), litres=f"{j['litres']:+.2f}", at=f"{j['at_l']:.2f}", unit=unit
            )
            for j in jumps
        ]
        told.append(translate(mark("jumps: {jumps}"), jumps=listed(each)))
    if codes := at.get("codes"):
        quoted = translate(mark(", ")).join(f"[{code}]" for code in codes)
        told.append(translate(mark("after the keys {keys}"), keys=quoted))
    if modes := at.get("upper_mode"):
        told.append(translate(mark("only in the sales {sales}"), sales=translate(mark(", ")).join(modes)))
    if besides := at.get("besides"):
        text = mark("besides, over {link}, {effect} more")
        told.append(translate(text, link=chain(besides["link"]), effect=percent(besides["effect"])))
    if "contrast" in at:
        contrast = CONTRAST.get(at["contrast"], str(at["contrast"]))
        told.append(translate(mark("seen by comparing {contrast}"), contrast=translate(contrast)))
    return translate(mark("; ")).join(told)


def _gains(stretches: Sequence[Mapping[str, Any]], unit: str) -> str:
    """Gain by stretch; jumps between stretches of one gain leave one number to say."""
    told = [percent(s["gain"]) for s in stretches]
    if len(told) > 1 and len(set(told)) == 1:
        return translate(mark("{gain} between the jumps"), gain=told[0])
    return listed(
        translate(
            mark("{low} to {high} {unit} {gain}"),
            low=f"{s['from_l']:.1f}",
            high=f"{s['to_l']:.1f}",
            gain=gain,
            unit=unit,
        )
        for s, gain in zip(stretches, told, strict=True)
    )
