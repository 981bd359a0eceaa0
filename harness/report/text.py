"""A verdict document for people: the answer first, then what it rests on, then what could not be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INTEGRITY = {
    "proven": "PROVEN: features of a cheating function were detected",
    "suspect": "SUSPECT: something breaks the chain, but not all conditions of `proven` are met",
    "inconclusive": "INCONCLUSIVE: a question this case had to answer could not be answered",
    "no_evidence": "NO EVIDENCE of a cheating function in what was tried",
}
CONTRAST = {
    "knowledge": "covert with overt deliveries",
    "state": "deliveries before and after power was cut",
    "volume": "long with short deliveries",
    "event": "sales with and without a key, remote or switch worked",
    "flow": "slow with full flow",
    "preset": "sales by amount with sales by volume",
}
CONFORMITY = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}


def verdict_text(document: Mapping[str, Any]) -> str:
    """The verdict in at most a few screens."""
    lines = [f"Technical analysis of {document['instrument']}: on-site examination, not verification", ""]
    if document["status"] != "complete":
        lines += [
            f"RUN {document['status'].upper()}: {document['why']}",
            "What was recorded before is judged below.",
            "",
        ]
    lines.append(f"integrity   {INTEGRITY[document['integrity']]}")
    lines.append(f"conformity  {CONFORMITY[document['conformity']]}{_conformity(document['conformity_detail'])}")
    for number, finding in enumerate(document["findings"], 1):
        lines += ["", *_finding(number, finding)]
    lines += ["", "What the case had to answer:"]
    for question in document["coverage"]:
        if not question["answered"] and not question["required"]:
            answer = "not asked of this bench"
        else:
            answer = "answered" if question["answered"] else "NOT ANSWERED"
        mde = (
            ""
            if question["mde"] is None
            else f"; smallest effect that would have been seen: {percent(question['mde'])}"
        )
        why = f" ({question['why']})" if question["why"] else ""
        lines.append(f"  - {question['text']}: {answer}{why}{mde}")
    lines += ["", *(f"note: {note}" for note in document["notes"] if not note.startswith("weight of "))]
    return "\n".join(lines).rstrip()


def _conformity(detail: Mapping[str, Any]) -> str:
    if detail["error"] is None:
        return "  (no error of indication could be formed)"
    text = f"  error of indication {percent(detail['error'])}; standard uncertainty {percent(detail['u'], sign=False)}, maximum permissible error +-{percent(detail['limit'], sign=False)}"
    text += f" by {detail['edition_title']}, clause: {detail['clause']}"
    if not detail["verified"]:
        text += "\n            this limit is unverified: the result is not a legal statement of non-conformity or conformity"
    return text


def _finding(number: int, finding: Mapping[str, Any]) -> list[str]:
    lines = [f"Finding {number}: {finding['level']}, link {finding['link']}: {finding['mechanism']}"]
    if finding["effect"] is not None:
        interval = finding["interval"]
        span = "" if interval is None else f" (from {percent(interval[0])} to {percent(interval[1])})"
        lines.append(
            f"  size        {percent(finding['effect'])} too much indicated, median of the deliveries that show it{span}"
        )
    if where := _where(finding["at"]):
        lines.append(f"  where       {where}")
    lines.append(f"  rests on    {', '.join(finding['segments'])} by {', '.join(finding['detectors'])}")
    lines.append(
        f"  evidence    e-value {finding['evidence']:.3g}, threshold {finding['threshold']:.3g} ({finding['threshold_source']}), {finding['basis']}"
    )
    lines.append(f"  possible    {', '.join(finding['catalogue_ids']) or 'no known function fits'}")
    for explanation in finding["explanations"]:
        state = f"excluded by {explanation['excluded_by']}" if explanation["excluded_by"] else "NOT excluded"
        lines.append(f"  honest      {explanation['cause']}: {state}")
    lines += [f"  limited     {limit}" for limit in finding["limits"]]
    return lines


def _where(at: Mapping[str, Any]) -> str:
    """What was located, in words: the volume at which it begins, and what it follows."""
    said = []
    onset = at.get("onset_l")
    if isinstance(onset, list):
        said.append(f"begins between {min(onset):.2f} and {max(onset):.2f} L, not at one volume in every delivery")
    elif onset is not None:
        low, high = at.get("onset_interval_l", (onset, onset))
        said.append(f"begins at {onset:.2f} L in every delivery (from {low:.2f} to {high:.2f} L)")
    if breaks := at.get("breaks_l"):
        places = ", ".join(
            f"{b['at_l']:.2f} L (from {b['interval_l'][0]:.2f} to {b['interval_l'][1]:.2f} L)" for b in breaks
        )
        said.append(f"{at.get('kind', 'break')}: breaks in every delivery at {places}")
    if stretches := at.get("stretches"):
        said.append(f"in {at['course_of']}: {_gains(stretches)}")
    if jumps := at.get("jumps_l"):
        said.append("jumps: " + ", ".join(f"{j['litres']:+.2f} L at {j['at_l']:.2f} L" for j in jumps))
    if at.get("follows") == "time":
        said.append(
            f"a comb of {at['rate_hz']:g} a second whatever flows"
            + (f", {at['l_per_min']:g} L/min" if "l_per_min" in at else "")
        )
    if "slots" in at:
        said.append(f"{at['slots']} slots a revolution, {at.get('declared', '?')} declared")
    if "recorded_ratio" in at:
        said.append(f"the totaliser recorded {at['recorded_ratio']:.1%} of what was sold")
    if "start_l" in at:
        said.append(f"sales begin at {at['start_l']:g}")
    if modes := at.get("upper_mode"):
        said.append(f"only in the sales {', '.join(modes)}")
    if besides := at.get("besides"):
        said.append(f"besides, over {besides['link']}, {percent(besides['effect'])} more")
    if "every_n" in at:
        said.append(f"in one sale of {at['every_n']}")
    if "contrast" in at:
        said.append("seen by comparing " + CONTRAST.get(at["contrast"], str(at["contrast"])))
    return "; ".join(said)


def _gains(stretches: Sequence[Mapping[str, Any]]) -> str:
    """Gain by stretch; jumps between stretches of one gain leave one number to say."""
    told = [percent(s["gain"]) for s in stretches]
    if len(told) > 1 and len(set(told)) == 1:
        return f"{told[0]} between the jumps"
    return ", ".join(f"{s['from_l']:.1f} to {s['to_l']:.1f} L {gain}" for s, gain in zip(stretches, told, strict=True))


def percent(value: float, sign: bool = True) -> str:
    return f"{value * 100:+.3g} %" if sign else f"{value * 100:.3g} %"
