"""The fare that a taximeter showed against what its declared tariff makes of the same trip.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fixtures.language import mark, translate
from harness.judge.contract import Segment, Validation, View
from harness.judge.laws import fare_replay
from harness.report.style import COLOURS, plt, save
from protocols.tariff import engine
from protocols.tariff.rule import TariffError
from protocols.tariff.tariff import Tariff

COLUMNS, MOST = 3, 9  # panels across, trips


def fare_steps(
    found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> Path | None:
    """Write the picture to `path`; None where no trip was hired, or no tariff is declared.  `profile` with its rules (catalogue.with_rules)."""
    figure = fare_figure(found, profile, document)
    return None if figure is None else save(figure, path)


def fare_figure(found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any]) -> Any | None:
    """Of each trip the fares that were read and the course by the first reading of the tariff: where others allow more, the judgement allows it."""
    tariff = profile.get(fare_replay.TARIFF)
    read = {
        one["segment"]: one for one in document["readings"] if one["detector"] == fare_replay.NAME and not one["reason"]
    }
    own = [segment for segment in found if segment.id in read]
    own = sorted(own, key=lambda one: -read[one.id]["hits"])[:MOST]
    if not own or not isinstance(tariff, Tariff):
        return None
    columns = min(COLUMNS, len(own))
    rows = -(-len(own) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(10, 2.9 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(own) :]:
        axis.set_axis_off()
    for axis, segment in zip(axes.flat, own, strict=False):
        _trip(axis, segment, tariff, profile, bool(read[segment.id]["hits"]))
    axes[0, 0].legend(fontsize=7, frameon=False, loc="upper left")
    return figure


def _trip(axis: Any, segment: Segment, tariff: Tariff, profile: Mapping[str, Any], broken: bool) -> None:
    register, begin = segment.registers["fare"], segment.window_ns[0]
    seconds = [(int(t) - begin) / 1e9 for t in register.times_ns]
    colour = COLOURS[1] if broken else COLOURS[0]
    axis.plot(
        seconds,
        [float(value) for value in register.values],
        "o",
        color=colour,
        ms=4,
        label=translate(mark("fare as read")),
    )
    case = fare_replay.replayable(segment, tariff, View(profile, {}, Validation(0, 0)))
    if not isinstance(case, str):
        try:
            course = engine.fare(tariff.first({}).rule, case.trips(frozenset())[0]).changes()
        except TariffError:
            course = []  # the law says why it cannot be replayed
        if course:
            end = (segment.window_ns[1], course[-1][1])
            times, fares = zip(*[((t - begin) / 1e9, float(fare)) for t, fare in [*course, end]], strict=True)
            axis.step(times, fares, where="post", color="0.3", lw=1.0, label=translate(mark("fare by the tariff")))
    says = translate(mark("{trip}: not by the tariff"), trip=segment.id) if broken else segment.id
    axis.set_title(says, loc="left", fontsize=8)
    axis.set_xlabel(translate(mark("time, s")), fontsize=7)
    axis.set_ylabel(f"{translate(mark('fare'))}, {register.unit}", fontsize=7)
    axis.tick_params(labelsize=7)
