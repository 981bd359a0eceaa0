"""The order spectrum: where along the turns of the disc its pattern stands, and the gain at which it comes again.

Above the whitened periodogram over orders of the declared disc (one a revolution): an even order without a device, in front
of it one that multiplies moves every order by the same share.  Below what all orders together say of each gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fixtures.language import mark, translate
from harness.judge.contract import Segment
from harness.judge.detectors import period_gain
from harness.judge.pulses.order_gain import (
    MOST_HARMONICS,
    TRIMMED,
    OrderGain,
    Spectrum,
    measure,
    pattern,
    spectrum,
    terms,
)
from harness.report.shown import Shown, best_shown
from harness.report.style import Floats, plt, save, thinned

DETECTORS = ("period-gain", "slots")
LOW, HIGH = (period_gain.DETECTOR.parameters[key] for key in ("low", "high"))
COVERED = 1.96


def order_spectrum(
    found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> Path | None:
    """Write the picture to `path`; None where no test of the disc's period spoke."""
    shown, slots = best_shown(found, document, DETECTORS), profile.get("slots_per_rev")
    figure = None if shown is None or slots is None else order_figure(shown, int(slots))
    return None if figure is None else save(figure, path)


def order_figure(shown: Shown, slots: int) -> Any | None:
    """None where the train is too short to show a period, or shows another than was found."""
    gain = measure(shown.ticks, slots, LOW, HIGH)
    y = pattern(shown.ticks, slots)
    if gain is None or not y.size or not shown.bears_out(gain.gain):
        return None
    spec, harmonics = spectrum(y, slots), min(MOST_HARMONICS, int(0.45 * slots))
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 6.6), layout="constrained", height_ratios=(3, 2))
    _spectrum(above, spec, slots, gain, harmonics, shown.hit)
    _scan(below, spec, slots, gain, harmonics, shown)
    above.set_title(_title(shown, slots, gain), loc="left", fontsize=10)
    return figure


def _spectrum(axis: Any, spec: Spectrum, slots: int, gain: OrderGain, harmonics: int, hit: bool) -> None:
    orders = np.arange(spec.ratio.size) / spec.size * slots
    seen = (orders > 0.3) & (orders < harmonics + 0.7)
    axis.plot(
        *thinned(orders[seen], np.maximum(spec.ratio[seen], 1e-3)),
        color="0.55",
        lw=0.6,
        label=translate(mark("spectrum")),
    )
    axis.axhline(1.0, color="0.3", lw=0.8, ls=":", label=translate(mark("noise around it")))
    h = np.arange(1, harmonics + 1)
    declared = _at(spec, slots, 0.0, harmonics)
    axis.plot(
        h,
        declared,
        "o",
        mfc="none",
        mec="#0072b2",
        ms=7,
        label=translate(mark("orders of the declared {slots} slots"), slots=slots),
    )
    if hit:
        place = h / (1 + gain.gain)
        label = translate(mark("orders of a period of {pulses} pulses"), pulses=f"{slots * (1 + gain.gain):.2f}")
        axis.plot(place, _at(spec, slots, gain.gain, harmonics), "v", color="#d55e00", ms=6, label=label)
    axis.set_yscale("log")
    axis.set_ylim(0.05, max(float(spec.ratio[seen].max()), 10.0) * 3)
    axis.set_xlim(0.3, harmonics + 0.7)
    axis.set_xticks(h)
    axis.set_xlabel(translate(mark("order (cycles a revolution of the declared disc)")))
    axis.set_ylabel(translate(mark("power over the noise around")))
    axis.legend(fontsize=7, ncols=4, frameon=False, loc="upper right")


def _at(spec: Spectrum, slots: int, gain: float, harmonics: int) -> Floats:
    result: Floats = np.maximum(terms(spec, slots, np.array([gain]), harmonics)[:, 0], 0.05)
    return result


def _scan(axis: Any, spec: Spectrum, slots: int, gain: OrderGain, harmonics: int, shown: Shown) -> None:
    """Of each gain the orders together, less the greatest as in the test: a pulsation of the pump may be among them."""
    step = 1 / (4 * harmonics * gain.revolutions)
    gains = np.arange(LOW, HIGH + step, step)
    total = np.concatenate([_trimmed(spec, slots, part, harmonics) for part in np.array_split(gains, 64)])
    axis.plot(*thinned(100 * gains, total), color="0.4", lw=0.7)
    axis.axvline(0, color="#0072b2", lw=1.0, ls="--", label=translate(mark("as declared: {slots} pulses"), slots=slots))
    top = float(_trimmed(spec, slots, np.array([gain.gain]), harmonics)[0])
    axis.plot(
        [100 * gain.gain], [top], "v" if shown.hit else "o", color="#d55e00" if shown.hit else "#0072b2", ms=7,
        label=translate(mark("strongest: {pulses} pulses, gain {gain}"), pulses=f"{slots * (1 + gain.gain):.3f}", gain=_percent(gain)),
    )  # fmt: skip
    axis.set_xlim(100 * LOW, 100 * HIGH)
    axis.set_ylim(0, max(top, float(total.max())) * 1.25)
    axis.set_xlabel(translate(mark("gain, % (pulses more than slots)")))
    axis.set_ylabel(translate(mark("orders together\n(but the {n} greatest)"), n=TRIMMED))
    axis.legend(fontsize=8, frameon=False, loc="upper right")


def _trimmed(spec: Spectrum, slots: int, gains: Floats, harmonics: int) -> Floats:
    result: Floats = np.sort(terms(spec, slots, gains, harmonics), axis=0)[: harmonics - TRIMMED].sum(axis=0)
    return result


def _percent(gain: OrderGain) -> str:
    """The gain with its 95 % interval."""
    u = COVERED * max(gain.u, period_gain.DETECTOR.parameters["least_u"])
    text = mark("{gain} % (from {low} to {high} %)")
    figures = {"gain": gain.gain, "low": gain.gain - u, "high": gain.gain + u}
    return translate(text, **{name: f"{100 * value:+.3f}" for name, value in figures.items()})


def _as_declared(gain: OrderGain) -> bool:
    """Within what the test takes for the declared disc."""
    told = period_gain.DETECTOR.parameters
    return abs(gain.gain) <= max(told["z"] * max(gain.u, told["least_u"]), told["bound"])


def _title(shown: Shown, slots: int, gain: OrderGain) -> str:
    turns = translate(mark("{n} revolutions"), n=f"{gain.revolutions:.0f}")
    if shown.reading["at"].get("left_out"):
        turns += translate(mark(", {n} pulses put in between others left out"), n=shown.reading["at"]["left_out"])
    if shown.hit and shown.reading["detector"] == "slots":
        says = mark(
            "the pattern comes again after {pulses} pulses, not {slots}: another disc, or a device that makes just so many of them"
        )
        return _headed(shown, turns, says, pulses=shown.reading["at"]["slots"], slots=slots)
    own = {"pulses": f"{slots * (1 + gain.gain):.2f}", "slots": slots, "gain": _percent(gain)}
    if shown.hit:
        says = mark("the pattern comes again after {pulses} pulses, not {slots}: gain {gain}")
    elif gain.p >= period_gain.DETECTOR.parameters["q"]:
        says = mark("no period stands out by itself; nothing speaks against the declared {slots} slots")
    elif _as_declared(gain):
        says = mark("the pattern comes again after the declared {slots} pulses: gain {gain}")
    else:
        says = mark(
            "what comes again most strongly does so after {pulses} pulses, not in both halves or hardly\n"
            "more strongly than after the declared {slots}: no finding of this test"
        )
    return _headed(shown, turns, says, **own)


def _headed(shown: Shown, turns: str, says: str, **fields: object) -> str:
    text = mark("Order spectrum of {where} ({turns}):\n{says}")
    return translate(text, where=shown.where, turns=turns, says=translate(says, **fields))
