"""`plan`: procedures listed, shown step by step with what they cost, and their questions as an answers file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from harness.plans import PlanSpec

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Procedures: list, steps and cost, questions and answers."
)
JSON = typer.Option("--json", help="one JSON document on stdout")
# a kit's usual bench, of which the built-in one tells the ability
USUAL = {
    "dispenser": "dispenser-{kit}",
    "gas-dispenser": "gas-cng-{kit}",
    "price-scale": "price-scale-{kit}",
    "truck-scale": "truck-scale-{kit}",
    "taximeter": "taximeter-{kit}",
}
OF_EDITION = USUAL | {"price-scale": "price-scale-lab-{kit}"}  # changeover points ask for small weights
LABORATORY = "-bench"  # ends the names of plans that no bare hands carry out


@app.command("list")
def list_(as_json: Annotated[bool, JSON] = False) -> int:
    """List the plans: for what, which stations they cannot do without."""
    from fixtures.language import tell
    from harness.output import emit
    from harness.plans import PLANS
    from harness.report.called import FAMILIES
    from harness.report.columns import column

    rows = [
        {
            "name": plan.name, "family": plan.family, "needs": sorted(plan.needs), "site": plan.site,
            "summary": plan.summary,
        }
        for plan in PLANS.values()
    ]  # fmt: skip
    widest = max(map(len, PLANS))
    lines = [
        f"{plan.name:<{widest}} {column(tell(FAMILIES.get(plan.family, plan.family)), 15)} {tell(plan.summary)}"
        for plan in PLANS.values()
    ]
    emit("plans", {"plans": rows}, "\n".join(lines), as_json)
    return 0


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="a plan of `plan list`")],
    bench: Annotated[str, typer.Option("--bench", help="a bench file or a built-in name")] = "",
    kit: Annotated[str, typer.Option("--kit", help="K0 to K3: what that kit usually can")] = "",
    answers: Annotated[
        bool, typer.Option("--answers", help="print its questions as a template of an answers file")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Show the steps of a plan in order, and what it costs in litres, minutes and operator actions.

    Needs no bench: --kit says what the inspectors carry.  Minutes are planning values.
    """
    from harness.runner import find_plan

    return show_plan(find_plan(name), bench, kit, answers=answers, as_json=as_json)


def show_plan(plan: PlanSpec, bench: str, kit: str = "", *, answers: bool = False, as_json: bool) -> int:
    """As `show`, of a plan of which something may have been decided beforehand."""
    from harness.enact import ability
    from harness.plans.order import check_order, dry_run
    from harness.runner import check_stations

    file = _bench_file(plan, bench, kit)
    check_stations(plan, file)
    if answers:
        return _template(plan, file, as_json)
    steps = dry_run(plan.steps(ability(file)))
    check_order(steps)
    _show(plan.name, plan.summary, file, steps, as_json)
    return 0


def _show(name: str, summary: str, file: Any, steps: Any, as_json: bool) -> None:
    """`steps` one by one, and what they cost."""
    from fixtures.language import mark, tell, translate
    from fixtures.profile import SCALES
    from harness.output import emit
    from harness.plans.order import cost
    from harness.report.errors import error_said
    from harness.report.progress import headline
    from harness.step import described

    costs = cost(steps)
    unit = str(file.profile.get("quantity_unit", "L"))
    document = {
        "plan": name, "bench": file.where, "kit": file.kit, "cost": costs,
        "steps": [described(step) for step in steps],
    }  # fmt: skip
    head = mark("{plan} on {bench} ({kit}): {summary}")
    lines = [translate(head, plan=name, bench=error_said(file.where), kit=file.kit, summary=tell(summary)), ""]
    lines += [f"{number:>4}  {headline(step, unit)}" for number, step in enumerate(steps, 1)]
    total = mark(
        "{litres:.1f} {unit}, about {minutes:.0f} minutes (planning value), at most {actions:.0f} operator actions"
    )
    if file.family in SCALES:  # nothing is sold
        total = mark(
            "about {minutes:.0f} minutes (planning value), {actions:.0f} operator actions while nothing is found; what is found is shown again, which takes more of both"
        )
    lines += ["", translate(total, unit=unit, **costs)]
    emit("plan", document, "\n".join(lines), as_json)


def show_extension(case: Path, file: Any, further: Any, as_json: bool) -> int:
    """What `run --resume CASE --confirm` or `--search` would register and do, nothing written."""
    from captures.case import Case
    from fixtures.language import mark, translate
    from harness.enact import ability
    from harness.extending import check_end
    from harness.plans.extension import TITLES, steps
    from harness.plans.order import dry_run
    from harness.standing import read_standing
    from harness.step import SEARCH

    opened = Case.open(case)
    opened.require_unsealed()
    standing = read_standing(opened.journal)
    check_end(case, standing, further=True)
    extension = further(standing, file)
    heading = mark("search {number}") if extension.kind == SEARCH else mark("confirmation {number}")
    name = translate(heading, number=extension.number)
    _show(name, TITLES[extension.kind], file, dry_run(steps(ability(file), extension)), as_json)
    return 0


def _bench_file(plan: Any, bench: str, kit: str) -> Any:
    from fixtures.benchfile import KITS
    from harness.benches import built_in, find
    from harness.exits import UsageError

    if bench and kit:
        raise UsageError("expected --bench or --kit, got both")
    if bench:
        return find(bench)
    if kit and kit.upper() not in KITS:
        raise UsageError(f"expected --kit {', '.join(KITS)}, got {kit!r}")
    usual = "site-{kit}" if plan.site else (OF_EDITION if plan.clauses else USUAL)[plan.family]
    wanted = usual.format(kit=(kit or ("K3" if plan.name.endswith(LABORATORY) else "K0")).lower())
    if wanted not in built_in():
        raise UsageError(f"no bench comes with {plan.name} in kit {kit.upper()}; name one with --bench")
    return find(wanted)


def _template(plan: Any, file: Any, as_json: bool) -> int:
    from fixtures.language import mark, translate
    from harness.asked import asked
    from harness.output import emit
    from harness.report.errors import error_said

    questions = asked(plan, file)
    head = mark(
        "# {plan} on {bench}: every reading as it should be; what is read again is one more line\n"
        "# Nothing after `=` is `not taken`; what was done is confirmed by `done`."
    )
    lines = [translate(head, plan=plan.name, bench=error_said(file.where))]
    for question in questions:
        lines += [f"# {question.text}", f"{question.key} ="]
    rows = [{"key": question.key, "text": question.text} for question in questions]
    emit("questions", {"plan": plan.name, "bench": file.where, "questions": rows}, "\n".join(lines), as_json)
    return 0


@app.command("answers")
def answers_(
    case: Annotated[Path, typer.Argument(help="the case folder of a recorded run")],
    as_json: Annotated[bool, JSON] = False,
) -> int:
    """Print what people answered in a recorded run as an answers file, so that the raid can be asked again.

    It holds the names of data/parties.json: keep it like that file.
    """
    from captures.case import Case
    from fixtures.answers_file import lines
    from harness.asked import recorded_answers
    from harness.output import emit

    found = recorded_answers(Case.open(case))
    rows = [{"key": key, "answer": said} for key, said in found]
    emit("answers", {"case": str(case), "answers": rows}, "\n".join(lines(found)), as_json)
    return 0
