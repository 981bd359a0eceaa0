"""The account of a finding for people: what it is, how large by which method, where, and what else it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fixtures.language import mark, translate
from harness.report import wording_taxi
from harness.report.wording import percent, said

OF_SCALES = (
    mark("a load cell or its cable gives another signal for the same load"),
    mark("the same load is weighed otherwise"),
    mark("the display shows another weight than is sent"),
    mark("the price is not the weight times the unit price"),
    mark("the ticket says something else than the display"),
    mark("the record keeps something else than was printed"),
    mark("the scale does not start from zero, or does not come back to it"),
)
KINDS = (
    mark("pulses put in or left out after every so many"),
    mark("pulses put in by an oscillator of its own"),
    mark("pulses doubled at a fixed place after the one before"),
    mark("pulses put in at no regular place"),
    mark("pulses put in"),
    mark("pulses taken out"),
    mark("pulses multiplied evenly"),
    mark("pulses given out anew by a device"),
    mark("one channel driven apart from the other"),
    mark("another code disc"),
    mark("the meter or the hydraulics pass another volume than is counted"),
    mark("the register counts a pulse as another volume"),
    mark("the register adds a fixed volume"),
    mark("the sale does not begin at zero"),
    mark("the register advances while nothing flows"),
    mark("the display shows another volume than the register"),
    mark("the amount follows another price or volume"),
    mark("the totaliser keeps another sum"),
    mark("totaliser or identity are replaced when power is cut"),
    mark("the monitoring of the pulser is kept silent"),
    mark("a sealed parameter was changed"),
    *OF_SCALES,
    mark("not determined by what was observed"),
    *wording_taxi.KINDS,
)
LOADS = mark("mass of the load")
METHODS = (
    mark("edges of both taps"),
    mark("pulses between pulses"),
    mark("period of the disc's pattern"),
    mark("volume of the reference"),
    LOADS,
    *wording_taxi.METHODS,
)
PARAMETERS = {
    "every_n": mark("after every {value} pulses"),
    "oscillator_hz": mark("a rate of {value} Hz of its own"),
    "rate_hz": mark("{value} a second whatever flows"),
    "l_per_min": mark("as much as {value} {unit}/min"),
    "delay_us": mark("{value} microseconds after the pulse before"),
    "delay_share": mark("{value} of the interval after the pulse before"),
    "tick_us": mark("a tick of {value} microseconds"),
    "period": mark("the pattern comes again after {value} pulses"),
    "slots": mark("{value} slots a revolution"),
    "declared": mark("{value} slots declared"),
    "evened_to": mark("{value} of the unevenness of a disc"),
    "recorded_ratio": mark("the totaliser recorded {value} of what was sold"),
    "start_l": mark("sales begin at {value} {unit}"),
    "ratio_m": mark("{value} pulses out"),
    "ratio_n": mark("for {value} in"),
    "offset_l": mark("{value} {unit} a sale"),
    "factor": mark("{value} times the volume"),
    "lattice_kg": mark("on a lattice of 160 kg: {value} kg"),
    "offset_kg": mark("{value} kg on the empty scale"),
    "added_kg": mark("{value} kg whatever the load"),
    "from_kg": mark("from loads of {value} kg on"),
    "to_kg": mark("up to loads of {value} kg"),
    "period_codes": mark("one weight in {value} is never shown"),
    "lattice_percent": mark("on a lattice of round gains: {value} %"),
}
LITRES = "L"  # of what is delivered, where a document does not say another unit
FEW = 4  # kinds that are named one by one
WITH_U = mark("{value} (standard uncertainty {u})")


def account_lines(account: Mapping[str, Any], unit: str = LITRES) -> list[str]:
    """What the document's account of one finding says, in the reader's language."""
    lines = [translate(mark("  is          {kind}"), kind=said(account["kind"]))]
    if account["device_type"]:
        lines.append(translate(mark("              this says what type of device it is, not that anything is counted wrongly")))  # fmt: skip
    semicolon = translate(mark("; "))
    if account["parameters"]:
        told = semicolon.join(_parameter(one, unit) for one in account["parameters"])
        lines.append(translate(mark("  recovered   {parameters}"), parameters=told))
    lines += _sizes(account, semicolon)
    lines += _places(account, unit)
    if account["coheres"] is not None:
        if account["coheres"]:
            text = mark("  and         without the pulses put in, the pattern of the disc comes together again")
        else:
            text = mark("  but         without the pulses put in, the pattern of the disc does not come together")
        lines.append(translate(text))
    lines += _remains(account, semicolon)
    return lines


def _of_scale(account: Mapping[str, Any]) -> bool:
    """Whether loads were compared, not deliveries."""
    return account["kind"] in OF_SCALES or any(size["method"] == LOADS for size in account["sizes"])


def _parameter(one: Mapping[str, Any], unit: str) -> str:
    value = f"{one['value']:.6g}"
    if one["u"] is not None:
        value = translate(WITH_U, value=value, u=f"{one['u']:.2g}")
    known = PARAMETERS.get(one["name"])
    return translate(known, value=value, unit=unit) if known is not None else f"{one['name']} {value} {one['unit']}"


def _sizes(account: Mapping[str, Any], semicolon: str) -> list[str]:
    """The gain by each method, and whether the methods agree."""
    if not account["sizes"]:
        return []
    if _of_scale(account):
        each = mark("{method} {gain} (from {low} to {high} at 95 %, {n} loads)")
        apart = mark("{method} {gain} (from {low} to {high}, {n} loads that differ)")
    else:
        each = mark("{method} {gain} (from {low} to {high} at 95 %, {n} deliveries)")
        apart = mark("{method} {gain} (from {low} to {high}, {n} deliveries that differ)")
    told = semicolon.join(
        translate(
            each if size["uniform"] else apart, method=said(size["method"]), gain=percent(size["gain"]),
            low=percent(size["interval"][0]), high=percent(size["interval"][1]), n=size["deliveries"],
        )
        for size in account["sizes"]
    )  # fmt: skip
    lines = [translate(mark("  measured    {sizes}"), sizes=told)]
    if account["agree"]:
        lines.append(translate(mark("              these agree within their uncertainties")))
    for one, other in account["apart"]:
        text = mark("              {one} and {other} do NOT agree: more acts here, or it acts in another way than told")
        lines.append(translate(text, one=said(one), other=said(other)))
    return lines


def _places(account: Mapping[str, Any], unit: str) -> list[str]:
    """When it begins and ends inside deliveries, and the mark it follows."""
    lines = []
    semicolon = translate(mark("; "))
    for places, text in (
        (account["onsets"], mark("  begins      {places}")),
        (account["ends"], mark("  ends        {places}")),
    ):
        told = [_place(one, unit) for one in places[:FEW] if one["seconds"] is not None]
        if told:
            more = len(places) - len(told)
            rest = [translate(mark("and in {n} more"), n=more)] if more > 0 else []
            lines.append(translate(text, places=semicolon.join([*told, *rest])))
    if account["follows"]:
        lags = [one["lag_s"] for one in account["onsets"] if one["mark"] == account["follows"]]
        if _of_scale(account):
            text = mark("  follows     mark {mark} at {followed} of {n} loads, {low} to {high} s after it")
        else:
            text = mark("  follows     mark {mark} in {followed} of {n} deliveries, {low} to {high} s after it")
        lines.append(
            translate(
                text, mark=account["follows"], followed=account["followed"], n=len(account["onsets"]),
                low=f"{min(lags):.1f}", high=f"{max(lags):.1f}",
            )
        )  # fmt: skip
    return lines


def _place(place: Mapping[str, Any], unit: str) -> str:
    if place["litres"] is None:
        return translate(
            mark("{seconds} s into {segment}"), seconds=f"{place['seconds']:.1f}", segment=place["segment"]
        )
    text = mark("at {litres} {unit}, {seconds} s into {segment}")
    seconds, litres = f"{place['seconds']:.1f}", f"{place['litres']:.2f}"
    return translate(text, litres=litres, seconds=seconds, segment=place["segment"], unit=unit)


def _remains(account: Mapping[str, Any], semicolon: str) -> list[str]:
    """What else remains possible: honest causes first, then other kinds."""
    honest: Sequence[str] = account["honest"]
    kinds: Sequence[str] = account["possible"]
    if honest:
        first = translate(mark("honest causes that nothing excluded ({n}, below)"), n=len(honest))
    else:
        first = translate(mark("of the honest causes that are listed none"))
    if not kinds:
        other = ""
    elif len(kinds) <= FEW:
        other = translate(mark("; or {kinds}"), kinds=semicolon.join(map(said, kinds)))
    else:
        other = translate(mark("; or one of {n} kinds (verdict.json names them)"), n=len(kinds))
    return [translate(mark("  remains     {first}{other}"), first=first, other=other)]
