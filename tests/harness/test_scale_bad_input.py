"""Bad input at a price scale, through whole runs: it is named, nothing recorded is lost, an honest scale is not accused and a
cheat that could be seen without the bad input is still found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from captures.case import verify_case
from captures.model import Direction, Flag, Origin, SampledTrace, WireChunk
from fixtures.benchfile import BenchFile, parse
from fixtures.language import mark
from fixtures.sim.scale import people
from fixtures.sim.scale.station import ScaleStation, build_scale
from harness.asked import asked
from harness.benches import find, world
from harness.derive import read_recorded, segments
from harness.derive.indications import Line, Source, indications
from harness.derive.line_faults import OUT, SILENT, LineFaults, Loaded
from harness.derive.stuck import WHY as STUCK
from harness.inspection import Inspection, inspect
from harness.judge.contract import Segment
from harness.judge.intervals import Interval
from harness.judge.loads import shown, weighable
from harness.plans import PLANS, PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.price_scale_raid import BALANCE, odd
from harness.plans.weighings import weigh
from harness.report.text import verdict_text
from harness.step import Confirm, Inquire, Phase, Plan
from protocols.contract import Role
from protocols.wire import and_weighing, cas

S = 1_000_000_000
GOODS_KG = ("0.52", "0.84", "1.37", "2.15", "0.71")
Fault = Callable[[bytes], bytes]


def steps(can: Ability) -> Plan:
    """The trader's own sales, the same scale with hands off, and again."""
    yield from blocks.before()
    yield Confirm(
        "safety", mark("Nothing of a customer lies on the scale; weights at hand, the stall is lit and level")
    )
    yield Phase("A", mark("covert: the trader weighs for us as for any customer"))
    for number, mass in enumerate(GOODS_KG, 1):
        yield from weigh(can, f"A{number}", Decimal(mass), covert=True)
    yield Phase("B", mark("control taken: remotes, keypad and power; hands off the scale"))
    yield Confirm("control", mark("Keypad, remotes and power are secured; nobody touches the scale"))
    yield from blocks.badge()
    yield from blocks.identity(blocks.SCALE)
    yield Inquire("own_balance", BALANCE)
    yield from weigh(can, "B0", Decimal(0))
    yield from odd(can, "C")
    yield from weigh(can, "C0", Decimal(0))
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield from blocks.identity_again(blocks.SCALE)
    yield from blocks.closing(mark("Everything taken off the scale; it is sealed unchanged and handed over"))


PLAN = PlanSpec("short-scale-raid", "price-scale", frozenset({"load", "display"}), steps, "for tests only")


def bench(protocol: str = "cas", driver: str = "scale-tap", kit: str = "k1") -> BenchFile:
    file = find(f"price-scale-{kit}")
    text = file.text.replace('protocol = "yaohua-continuous"', f'protocol = "{protocol}"')
    text = text.replace('driver = "scale-tap"', f'driver = "{driver}"')
    asks = 'url = "sim:scale"\nmay_write = "questions to the scale"' if driver == "scale-host" else 'url = "sim:scale"'
    return parse(text.replace('url = "sim:scale"', asks), file.where)


@dataclass
class Disturbed:
    """A simulated scale and its people.  `line`: by loading, what becomes of a frame; `puts`, `says`: by loading, what becomes of a
    request to place a load and of each answer to a question about it, the first one first."""

    world: ScaleStation
    line: Mapping[str, Fault] = field(default_factory=dict)
    puts: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[tuple[str, str], list[Mapping[str, str]]] = field(default_factory=dict)
    delay_ns: Mapping[str, int] = field(default_factory=dict)
    at: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    label: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._operator, self._scale = self.world.ports["operator"], self.world.ports.get("scale")
        self._ask, self._answer = self._operator.inward, self._operator.outward
        self._operator.inward, self._operator.outward = self._request, self._reply
        if self._scale is not None:
            self._send, self._scale.outward = self._scale.outward, self._frame

    def _request(self, data: bytes) -> None:
        request = json.loads(data)
        verb = request["verb"] + (f"-{request['what']}" if "what" in request else "")
        self.asked.append((verb, str(request.get("label", ""))))
        if verb == "place":
            self.label = request["label"]
            request["mass"] = self.puts.get(self.label, request["mass"])
            self.at.get(self.label, lambda: None)()
        self._ask(json.dumps(request).encode() + b"\n")

    def _reply(self, data: bytes) -> None:
        told = self.says.get(self.asked[-1], [])
        if told:
            data = json.dumps(json.loads(data) | told.pop(0)).encode() + b"\n"
        self._answer(data)

    def _frame(self, data: bytes) -> None:
        said = self.line.get(self.label, bytes)(data)
        delay_ns = self.delay_ns.get(self.label, 0)
        if delay_ns:
            self.world.after(delay_ns, lambda: self._send(said))
        else:
            self._send(said)


def done(folder: Path, disturbed: Disturbed, file: BenchFile) -> tuple[Inspection, dict[str, Segment]]:
    found = inspect(PLAN, file, folder / "case", world=disturbed.world)
    assert found.result.status == "complete", found.result.why
    verify_case(folder / "case")
    return found, {one.id: one for one in segments(read_recorded(folder / "case" / "data" / "journal"))}


def faults(found: Inspection) -> dict[str, list[str]]:
    """Reason -> the loadings at which it is told."""
    return {one["why"]: one["loadings"] for one in found.document["history"].get("line_faults", [])}


def accused(found: Inspection, cheat: str) -> bool:
    return any(cheat in finding["catalogue_ids"] for finding in found.document["findings"])


def unharmed(found: Inspection) -> None:
    assert found.document["findings"] == []
    assert found.document["conformity"] == "pass"


def garbage(data: bytes) -> bytes:
    return bytes((37 * k * k + 11) % 256 for k in range(len(data)))


def other_format(data: bytes) -> bytes:
    return and_weighing.PROTOCOL.encode(and_weighing.Weight.of(Decimal("1.234")), Role.DEVICE)


def moved_point(data: bytes) -> bytes:
    """Ten times the weight: the point stands one digit further to the right."""
    at = data.index(b".")
    return data[:at] + data[at + 1 : at + 2] + b"." + data[at + 2 :]


def overload(data: bytes) -> bytes:
    return cas.PROTOCOL.encode(cas.Weight.of(Decimal(0), status=cas.Status.OVERLOAD), Role.DEVICE)


EACH: Mapping[str, Fault] = {
    "A2": garbage,
    "A4": lambda data: b"ST,GS,1\xc4,     NaN kg\r\n",
    "C1": other_format,
    "C2": moved_point,
    "C3": lambda data: b"ST,GS,1\xc4," + "１２３４".encode("gbk") + b" kg\r\n",
    "C4": overload,
}
NAMED = {  # a piece of the reason -> loading
    "is no 7-bit character": "A2", "NaN": "A4", "bytes, expected 22 or 10": "C1", "decimal point in another place: 2 decimals of kg, expected 3": "C2",
    "full-width digits": "C3", OUT: "C4",
}  # fmt: skip


def test_each_fault_of_the_line_is_named_and_never_averaged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bench()
    found, own = done(tmp_path, Disturbed(world(file, None, 3), EACH), file)
    unharmed(found)
    told = faults(found)
    for piece, label in NAMED.items():
        assert label in {one for why, labels in told.items() if piece in why for one in labels}, (piece, told)
    assert set().union(*told.values()) <= {*EACH, "A3", "A5", "C5"}  # the last bad frame may end in the next loading
    for label, segment in own.items():
        assert shown(segment, "display")
        if label in EACH:
            assert shown(segment, "weight") == []
            assert label in segment.context["line_faults"] or segment.context["line_faults"]["weight"]
        if segment.load_kg is not None and not segment.context["covert"]:
            weights = [int(step) * segment.traces["weight"].step for step in segment.traces["weight"].steps]
            assert max(weights, default=0) < 3  # nothing ten times too large, nothing made of noise
    english = verdict_text(found.document)
    assert "does not count; nothing of it is averaged in:" in english
    assert "decimal point in another place: 2 decimals of kg, expected 3" in english
    assert "at C2" in english
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")
    chinese = verdict_text(found.document)
    assert "小数点位置不符" in chinese
    assert "全角数字" in chinese


def test_a_cheat_is_found_through_all_of_them(tmp_path: Path) -> None:
    file = bench()
    found, _ = done(tmp_path, Disturbed(world(file, "scale.S02", 3), EACH), file)
    assert accused(found, "scale.S02")
    assert len(faults(found)) >= len(EACH)


class Frozen:
    """One frame for ever, from the first that it is given."""

    def __init__(self) -> None:
        self._first = b""

    def __call__(self, data: bytes) -> bytes:
        self._first = self._first or data
        return self._first


LAST = ("B0", "C1", "C2", "C3", "C4", "C5", "C0")


@pytest.mark.parametrize("cheat", [None, "scale.S02"])
def test_one_frame_for_ever_says_nothing_of_the_loads_it_is_repeated_for(tmp_path: Path, cheat: str | None) -> None:
    file, frozen = bench(), Frozen()
    found, own = done(tmp_path, Disturbed(world(file, cheat, 3), dict.fromkeys(LAST, frozen)), file)
    assert faults(found)[STUCK] == list(LAST)
    for label in LAST:
        assert own[label].traces["weight"].times_ns.size == 0
        assert own[label].context["line_faults"] == {"weight": {STUCK: 1}}
    assert own["A5"].traces["weight"].times_ns.size
    if cheat is None:
        unharmed(found)
    else:
        assert accused(found, cheat)


def test_a_power_dip_is_named_and_the_lost_zero_is_not_held_against_the_scale(tmp_path: Path) -> None:
    file = bench()
    station = world(file, None, 3)

    def dip() -> None:
        station.after(5 * S, lambda: station.scale.power(False, station.now_ns))
        station.after(7 * S, lambda: station.scale.power(True, station.now_ns))

    found, own = done(tmp_path, Disturbed(station, at={"C3": dip}), file)
    unharmed(found)
    assert faults(found) == {SILENT: ["C3"]}
    assert own["C4"].context["may_have_restarted"] is True
    assert abs(shown(own["C4"], "weight")[-1].kg - Decimal(str(own["C4"].load_kg[0]))) > Decimal("0.1")  # type: ignore[index]
    left = {one.id for one in weighable(list(own.values()), file.profile)}
    assert {"A1", "B0", "C1", "C2", "C3"} <= left  # of C3 counts what was said before
    assert "display" not in own["C3"].registers
    assert not {"C4", "C5", "C0"} & left


def test_a_zero_lost_unseen_shows_on_the_empty_scale_and_is_not_held_against_it(tmp_path: Path) -> None:
    """Nobody listens to a line, and nobody looked while the display was dark: the empty scale shows less than nothing."""
    file = bench(kit="k0")
    station = world(file, None, 3)

    def dip() -> None:
        station.after(5 * S, lambda: station.scale.power(False, station.now_ns))
        station.after(6 * S, lambda: station.scale.power(True, station.now_ns))

    found, own = done(tmp_path, Disturbed(station, at={"C3": dip}), file)
    assert found.document["findings"] == []
    assert found.document["conformity"] != "fail"
    assert own["C0"].registers["display"].values[-1] < Decimal("-0.5")
    left = {one.id for one in weighable(list(own.values()), file.profile)}
    assert "A5" in left
    assert not {"C3", "C4", "C5", "C0"} & left
    buying = {one.id for one in weighable(list(own.values()), {**file.profile, "trade": "buying"})}
    assert {"C4", "C5", "C0"} <= buying  # who sells to this scale loses by it


@pytest.mark.parametrize("cheat", [None, "scale.S02"])
def test_an_answer_to_the_previous_question_is_no_reading_of_this_load(tmp_path: Path, cheat: str | None) -> None:
    file = bench("mt-sics", "scale-host")
    late = dict.fromkeys(("A3", "C2", "C3"), 2_500_000_000)
    found, own = done(tmp_path, Disturbed(world(file, cheat, 3), delay_ns=late), file)
    told = faults(found)
    assert set(told) & {"answer after its time", "second answer to one question"}
    assert {"C2", "C3"} <= set().union(*told.values())
    for label in ("C1", "C4", "C5"):
        assert shown(own[label], "weight")
    if cheat is None:
        unharmed(found)
    else:
        assert accused(found, cheat)


# --- people ---------------------------------------------------------------------------------------------------------------------


def test_another_mass_than_asked_is_the_truth_when_it_is_said(tmp_path: Path) -> None:
    file = bench(kit="k0")
    found, own = done(tmp_path, Disturbed(world(file, None, 3), puts={"C2": "1.69"}), file)
    unharmed(found)
    assert own["C2"].load_kg is not None
    assert own["C2"].load_kg[0] == 1.69
    assert own["C2"].context["asked_kg"] == "1.19"
    assert "weights_checked" not in own["C2"].context


def test_a_wrong_weight_is_found_by_the_other_officer_and_used_for_nothing(tmp_path: Path) -> None:
    file = bench(kit="k0")
    wrong: dict[tuple[str, str], list[Mapping[str, str]]] = {("place", "C2"): [{"mass_kg": "1.19"}]}
    disturbed = Disturbed(world(file, None, 3), puts={"C2": "1.69"}, says=wrong)
    found, own = done(tmp_path, disturbed, file)
    unharmed(found)
    assert disturbed.asked.count(("read-weighing", "C2")) == 2
    assert disturbed.asked.count(("read-weights", "C2")) == 1
    assert own["C2"].load_kg is None
    assert own["C2"].context["weights_checked"] == {"said_kg": "1.19", "found_kg": "1.69"}
    assert found.document["history"]["loads_not_used"] == [
        {"loading": "C2", "asked_kg": "1.19", "said_kg": "1.19", "found_kg": "1.69"}
    ]
    assert "C2: 1.19 kg asked for, 1.19 kg put on as was said, 1.69 kg by the officer who looked" in verdict_text(
        found.document
    )


def test_a_false_scale_is_not_excused_by_the_look_at_the_weights(tmp_path: Path) -> None:
    """The weights are as marked: the error stays, read twice."""
    file = bench(kit="k0")
    disturbed = Disturbed(world(file, "scale.S12", 3))
    found, own = done(tmp_path, disturbed, file)
    assert ("read-weights", "C4") in disturbed.asked
    assert own["C4"].load_kg is not None
    assert found.document["conformity"] == "fail"
    assert "loads_not_used" not in found.document["history"]


@pytest.mark.parametrize("seed", [2, 5])
def test_honest_officers_who_mistake_weights_accuse_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(people, "_WRONG", 0.4)
    file = bench(kit="k0")
    honest = build_scale(replace(world(file, None, seed).scenario, honest=("wrong_weight",)))
    found, _ = done(tmp_path, Disturbed(honest), file)
    assert found.document["findings"] == []
    assert found.document["conformity"] != "fail"
    assert found.document["history"].get("loads_not_used")


@pytest.mark.parametrize(("said", "used"), [(None, False), ("none", True), ("0.53", True), ("half a kilo", True)])
def test_goods_from_a_balance_that_was_found_wrong_show_no_error(tmp_path: Path, said: str | None, used: bool) -> None:
    """It shows a tenth too little; checked it says so, unchecked what it told of the goods stays a suspicion."""
    file = bench(kit="k0")
    scenario = replace(world(file, None, 3).scenario, honest=("balance",))
    if said is not None:
        scenario = replace(scenario, nameplate={"own_balance": said})
    found, own = done(tmp_path, Disturbed(build_scale(scenario)), file)
    assert (own["A1"].load_kg is not None) is used
    assert found.document["integrity"] == ("suspect" if used else "inconclusive")
    told = found.document["history"].get("balance_wrong")
    assert told is None if used else told["loadings"][0] == "A1"
    assert ("covert loads showed 0.477 kg" in verdict_text(found.document)) is not used


def test_words_slips_and_a_wrong_unit_are_told_or_asked_again_and_never_averaged_in(tmp_path: Path) -> None:
    file = bench(kit="k0")
    says: dict[tuple[str, str], list[Mapping[str, str]]] = {
        ("read-weighing", "C1"): [{"weight": "超载"}],
        ("read-weighing", "C2"): [{"weight": "blank"}],
        ("read-weighing", "C3"): [{"weight": "0.8 65 or so"}, {"weight": "NaN"}],  # asked again each time
        ("read-weighing", "C4"): [{"weight": "4.780", "unit": "kg"}],  # what it shows in jin
    }
    disturbed = Disturbed(world(file, None, 3), says=says)
    found, own = done(tmp_path, disturbed, file)
    unharmed(found)
    assert own["C1"].context["words"] == ("overload",)
    assert own["C2"].context["words"] == ("blank",)
    assert "display" not in {**own["C1"].registers, **own["C2"].registers}
    assert disturbed.asked.count(("read-weighing", "C3")) == 3
    assert len(own["C3"].registers["display"].values) == 1
    assert disturbed.asked.count(("read-weighing", "C4")) == 2
    assert own["C4"].registers["display"].values == (Decimal("2.390"),)
    (value,) = own["C3"].registers["display"].values
    assert abs(value - Decimal("0.863")) < Decimal("0.01")


@pytest.mark.parametrize("family", ["price-scale", "truck-scale"])
def test_the_template_of_an_answers_file_asks_for_every_reading_and_for_no_look_that_nothing_calls_for(
    family: str,
) -> None:
    keys = [one.key for one in asked(PLANS[f"{family}-raid"], find(f"{family}-k0"))]
    assert sum(key.startswith("place ") for key in keys) <= sum(key.startswith("read-weighing ") and key.endswith(" weight") for key in keys)  # fmt: skip
    assert not any(key.startswith("read-weights ") for key in keys)


# --- what silences a line, and what does not ---------------------------------------------------------------------------------------


def stream(*runs: tuple[str, float, float]) -> Line:
    """(kg, from, to) in seconds, ten frames a second."""
    source = Source(cas.PROTOCOL, cas.PROTOCOL.line)
    chunks = [
        WireChunk(int(t * S / 10), "l", Direction.RX, cas.PROTOCOL.encode(cas.Weight.of(Decimal(kg)), Role.DEVICE))
        for kg, begin, end in runs
        for t in range(round(begin * 10), round(end * 10))
    ]
    return indications([chunks], source)


def loads(*said: tuple[str, str | None]) -> list[Loaded]:
    """(kg put on, kg displayed), each for ten seconds, at rest after two."""
    return [
        Loaded(10 * k * S, (10 * k + 2) * S, 10 * (k + 1) * S, 0, Decimal(kg), () if seen is None else (Decimal(seen),))
        for k, (kg, seen) in enumerate(said)
    ]


INTERVAL = Interval(Decimal(15), Decimal("0.005"))


def test_what_the_display_shows_as_well_is_the_scale_and_is_judged() -> None:
    hung = {"weight": stream(("0.500", 0, 40))}
    both = LineFaults(hung, loads(("0.5", "0.500"), ("1.2", "0.500"), ("0", "0.500")), INTERVAL, ())
    assert [both.counts(k) for k in range(3)] == [{}, {}, {}]
    assert both.own("weight", 1).times_ns.size == 100
    contradicted = LineFaults(hung, loads(("0.5", "0.500"), ("1.2", "1.200"), ("0.5", "0.500")), INTERVAL, ())
    assert [contradicted.counts(k) for k in range(3)] == [{}, {"weight": {STUCK: 1}}, {"weight": {STUCK: 1}}]
    assert contradicted.own("weight", 2).times_ns.size == 0
    unseen = LineFaults(hung, loads(("0.5", None), ("1.2", None)), INTERVAL, ())
    assert unseen.counts(1) == {"weight": {STUCK: 1}}


def test_a_silence_after_which_the_same_load_weighs_the_same_is_no_new_start() -> None:
    own = loads(("0.5", None), ("1.2", None))
    cable = LineFaults({"weight": stream(("0.500", 0, 4), ("0.500", 8, 10), ("1.200", 11, 20))}, own, INTERVAL, ())
    assert cable.counts(0) == {"weight": {SILENT: 1}}
    assert not cable.restarted(0)
    zeroed = LineFaults({"weight": stream(("0.500", 0, 4), ("0.000", 8, 10), ("0.700", 11, 20))}, own, INTERVAL, ())
    assert not zeroed.restarted(0)  # what it said of this load before stands
    assert zeroed.own("weight", 0).times_ns[-1] == 39 * S // 10
    assert zeroed.restarted(1)
    unknown = LineFaults({"weight": stream(("0.500", 0, 9), ("1.200", 13, 20))}, own, INTERVAL, ())
    assert (unknown.restarted(0), unknown.restarted(1)) == (False, True)
    moving = LineFaults({"weight": stream(("0.500", 0, 1), ("0.000", 6, 10), ("0.700", 11, 20))}, own, INTERVAL, ())
    assert (moving.restarted(0), moving.restarted(1)) == (True, False)
    planned = LineFaults({"weight": stream(("0.500", 0, 4), ("0.500", 8, 20))}, own, INTERVAL, [(3 * S, 9 * S)])
    assert not planned.counts(0)


def test_a_hostile_line_has_as_many_reasons_as_a_reader_can_bear() -> None:
    noise = [WireChunk(k * S // 10, "l", Direction.RX, b"%d\r\n" % (10**6 + k)) for k in range(90)]
    good = [WireChunk(k * S // 10 + 1, "l", Direction.RX, cas.PROTOCOL.encode(cas.Weight.of(Decimal("0.5")), Role.DEVICE)) for k in range(90)]  # fmt: skip
    odd_units = [WireChunk(k * S // 10 + 2, "l", Direction.RX, b"ST,GS,1\xc4,%07d.%d %c%c\r\n" % (k, 1, 97 + k % 26, 97 + k // 26)) for k in range(90)]  # fmt: skip
    chunks = sorted([*noise, *good, *odd_units], key=lambda one: one.t_ns)
    line = indications([chunks], Source(cas.PROTOCOL, cas.PROTOCOL.line))
    counts = LineFaults({"weight": line}, loads(("0.5", None)), INTERVAL, ()).counts(0)["weight"]
    assert len(counts) <= 21
    assert sum(counts.values()) == len(line.faults)


def test_an_overload_told_of_a_small_load_is_named_and_one_of_a_heavy_load_is_not() -> None:
    flags = [0] * 40 + [int(Flag.OVERLOAD)] * 60
    trace = SampledTrace("weight", [k * S // 10 for k in range(100)], [500] * 100, flags, Decimal("0.001"), "kg", Origin("x", "y"), Flag.OVERLOAD)  # type: ignore[arg-type]  # fmt: skip
    line = Line(trace, 0)
    assert LineFaults({"weight": line}, loads(("0.5", None)), INTERVAL, ()).counts(0) == {"weight": {OUT: 1}}
    assert LineFaults({"weight": line}, loads(("16", None)), INTERVAL, ()).counts(0) == {}


def test_a_document_is_plain_data(tmp_path: Path) -> None:
    file = bench(kit="k0")
    found, _ = done(tmp_path, Disturbed(world(file, None, 3)), file)
    told: dict[str, Any] = dict(found.document["history"])
    assert "line_faults" not in told
    assert json.loads(json.dumps(told)) == told
