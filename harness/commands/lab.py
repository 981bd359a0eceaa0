"""`lab score|mean|lot|records`: what a laboratory computes beside a case, from figures or a CSV of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.output import emit

if TYPE_CHECKING:
    from harness.metrology.records import Finding

app = typer.Typer(help="Comparison of results, means of batches, prepackages, records.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
ALPHA = 1e-3  # over all tests of one screening of records
File = Annotated[Path, typer.Argument(help="a CSV file with a header, UTF-8, decimal point")]


@app.command("score")
def score(
    x: Annotated[float, typer.Option("--x", help="the result")],
    u: Annotated[float, typer.Option("--u", help="its standard uncertainty")],
    reference: Annotated[float, typer.Option("--reference", help="the other result, or the assigned value")],
    u_reference: Annotated[float, typer.Option("--u-reference", help="its standard uncertainty")],
    spread: Annotated[float, typer.Option("--spread", help="standard deviation for the comparison; without it no z")] = 0.0,
    k: Annotated[float, typer.Option("--k", help="coverage factor of both expanded uncertainties")] = 2.0,
    as_json: Json = False,
) -> int:  # fmt: skip
    """En, zeta and z of two results of the same thing.  Exit 20 where one of them asks for action: two benches that differ so
    measure different things."""
    from fixtures.language import mark, tell
    from harness.exits import Exit
    from harness.metrology.comparison import Standing, en, z, zeta

    found = [en(x, k * u, reference, k * u_reference), zeta(x, u, reference, u_reference)]
    found += [z(x, reference, spread)] if spread else []
    words = {
        Standing.FINE: mark("within what their uncertainty explains"), Standing.QUESTIONABLE: mark("questionable"),
        Standing.ACTION: mark("beyond what their uncertainty explains"),
    }  # fmt: skip
    lines = [f"{one.name:<5} {one.value:+.2f}  {tell(words[one.standing])}" for one in found]
    rows = [{"name": one.name, "value": one.value, "standing": one.standing.value} for one in found]
    emit("lab-score", {"scores": rows}, "\n".join(lines), as_json)
    return Exit.INCONCLUSIVE if any(one.standing is Standing.ACTION for one in found) else Exit.OK


@app.command("mean")
def mean(
    file: File,
    station: Annotated[str, typer.Option("--station", help="column with the station or owner")] = "station",
    error: Annotated[str, typer.Option("--error", help="column with the error, positive when it favours the owner")] = "error",
    alpha: Annotated[float, typer.Option("--alpha", help="chance that an honest region is told to favour its owners")] = 0.001,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Whether the mean error of many instruments (dispensers, electricity, water, gas, heat) favours their owners.  One-sided; the station
    is the sampling unit.  Exit 10 where it does."""
    from fixtures.language import mark, translate
    from harness.exits import Exit
    from harness.metrology.batch import Verified, above_zero
    from harness.metrology.columns import columns

    own = columns(file, (station, error), (station,))
    found = above_zero((Verified(a, float(b)) for a, b in zip(own[station], own[error], strict=True)), alpha)
    told = (
        mark("the mean favours the owners") if found.above_zero else mark("not shown that the mean favours the owners")
    )
    lines = [
        translate(mark("instruments: {n}, stations: {m}"), n=found.instruments, m=found.stations),
        translate(mark("mean of the stations' means {mean:+.4g}, standard uncertainty {u:.2g}; with {level} at least {low:+.4g}"),
                  mean=found.mean, u=found.u, level=f"{100 * (1 - alpha):g} %", low=found.low),
        translate(mark("p = {p:.2g} for a mean of at most zero (t over stations), {sign:.2g} by signs; instruments that favour the owner: {share}"),
                  p=found.p, sign=found.sign_p, share=f"{100 * found.favouring:.1f} %"),
        translate(mark("standard deviation between stations {a:.2g}, within one {b:.2g}"), a=found.between, b=found.within),
        translate(told),
    ]  # fmt: skip
    emit("lab-mean", {**asdict(found), "above_zero": found.above_zero}, "\n".join(lines), as_json)
    return Exit.NON_CONFORMING if found.above_zero else Exit.OK


@app.command("lot")
def lot(
    file: File,
    nominal: Annotated[str, typer.Option("--nominal", help="nominal quantity, g or mL")],
    size: Annotated[int, typer.Option("--lot", help="packages in the inspection lot")],
    content: Annotated[str, typer.Option("--content", help="column with the actual content")] = "content",
    as_json: Json = False,
) -> int:
    """A lot of prepackages: mean, and packages that are short by too much.  Exit 10 where it is not accepted."""
    from fixtures.language import mark, translate
    from harness.commands.tariffs import number_of
    from harness.exits import Exit
    from harness.metrology.columns import columns, decimals
    from harness.metrology.prepackage import judge, load_rules

    rules, quantity = load_rules(), number_of(nominal, "--nominal")
    found = judge(decimals(columns(file, (content,))[content]), quantity, size, rules)
    standing = translate(mark("unverified")) if not rules.verified else translate(mark("verified"))
    told = mark("accepted") if found.accepted else mark("not accepted")
    lines = [
        translate(mark("mean {mean:.2f}, at least {least:.2f} asked (nominal - {k:.3f} s, s = {s:.3g}, n = {n})"),
                  mean=found.mean, least=found.least, k=found.factor, s=found.s, n=found.n),
        translate(mark("short by more than T = {t}: {short}, permitted {most}; by more than 2 T: {far}, permitted none"),
                  t=rules.tolerable(quantity), short=found.short, most=found.permitted, far=found.far),
        translate(told),
        f"{rules.title} [{rules.grade}, {standing}] {rules.source}",
    ]  # fmt: skip
    document = {
        **asdict(found),
        "accepted": found.accepted,
        "rules": rules.id,
        "verified": rules.verified,
        "grade": rules.grade,
    }
    emit("lab-lot", document, "\n".join(lines), as_json)
    return Exit.OK if found.accepted else Exit.NON_CONFORMING


@app.command("records")
def records(
    file: File,
    error: Annotated[str, typer.Option("--error", help="column with the error of each run")] = "error",
    instrument: Annotated[str, typer.Option("--instrument", help="column that tells runs of one instrument at one flow or load")] = "instrument",
    resolution: Annotated[float, typer.Option("--resolution", help="step in which errors are recorded")] = 0.0,
    limit: Annotated[float, typer.Option("--limit", help="maximum permissible error, in the unit of the errors; without it no heaping")] = 0.0,
    repeatability: Annotated[float, typer.Option("--repeatability", help="standard deviation of runs that no such instrument is better than; without it runs are not compared")] = 0.0,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Whether records look written rather than measured: a screening, which says nothing of a person.  Exit 20 where something stands out
    at one in a thousand over all tests made."""
    from collections import defaultdict

    from fixtures.language import mark, tell, translate
    from harness.exits import Exit, UsageError
    from harness.metrology.columns import columns
    from harness.metrology.records import heaping, identical, terminal_digits, too_alike

    if resolution <= 0:
        raise UsageError(f"expected --resolution above 0, got {resolution:g}: the step in which errors are recorded")
    own = columns(file, (instrument, error), (instrument,))
    errors, runs = [float(one) for one in own[error]], defaultdict[str, list[float]](list)
    for name, value in zip(own[instrument], errors, strict=True):
        runs[name].append(value)
    found: list[Finding] = [terminal_digits([round(one / resolution) for one in errors])]
    if limit > 0:
        found.append(heaping(errors, limit, limit / 10))
    if repeatability > 0:
        found.append(too_alike(list(runs.values()), repeatability))
        steps = [[round(one / resolution) for one in group] for group in runs.values()]
        found.append(identical(steps, repeatability / resolution))
    made = [one for one in found if not one.reason]
    out = [one for one in made if one.p < ALPHA / len(made)]
    texts = {
        "terminal-digits": mark("last digits"), "heaping": mark("errors just inside the limit"), "too-alike": mark("scatter of runs"),
        "identical-runs": mark("runs that are all the same"),
    }  # fmt: skip
    lines, aside = [], tell(mark("stands out; else it may be"))
    for one in found:
        said = tell(one.reason) if one.reason else f"p = {one.p:.2g}, n = {one.n}"
        lines.append(f"{tell(texts[one.test])}: {said}" + (f"; {aside}: {tell(one.honest)}" if one in out else ""))
    lines.append(translate(mark("A screening of records: it says what to look at, and nothing of a person.")))
    emit(
        "lab-records",
        {"tests": [asdict(one) for one in found], "stand_out": [one.test for one in out]},
        "\n".join(lines),
        as_json,
    )
    return Exit.INCONCLUSIVE if out or not made else Exit.OK
