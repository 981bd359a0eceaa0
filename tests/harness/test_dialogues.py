"""What the line of a dispenser tells, in each protocol: states, volumes, totals; and no late answer among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from captures.model import Direction, WireChunk
from fixtures.benchfile import parse
from fixtures.binding import check
from fixtures.errors import PluginError
from fixtures.instruments.dispenser_tap import tap_of
from fixtures.plugins import specs
from harness.benches import find
from harness.derive.sales import HOST_NS, WALL_NS, Reports, Total, dispenser_reports
from harness.derive.streams import heard, listened
from protocols.contract import Message, Role, WireProtocol
from protocols.dispensing import Dialogue, Report, SaleState, Told
from protocols.wire import azt, dart, gilbarco, kern
from protocols.wire.azt import Answer, Ask, AztDialogue, Query, SetPrice, Short, Verdict, Widths
from protocols.wire.gilbarco import Code, Command, GilbarcoDialogue, HoseTotals, State, Status, Totals, Transaction

MS = 1_000_000
LINK = "device"
SALE = Answer("0100000452304523")
Said = tuple[int, Role, Message]


def new(protocol: str) -> Dialogue:
    made: Mapping[str, Any] = {
        "dart": lambda: dart.DartDialogue(dart.PROTOCOL),
        "azt": lambda: AztDialogue(azt.PROTOCOL, Widths()),
        "gilbarco": lambda: GilbarcoDialogue(gilbarco.PROTOCOL),
    }
    dialogue: Dialogue = made[protocol]()
    return dialogue


def chunks(protocol: WireProtocol, said: tuple[Said, ...], tapped: bool) -> list[WireChunk]:
    """As a tap hears both sides on links of their own, or as the master's journal has them on one."""
    found = []
    for t_ms, who, message in said:
        data = protocol.encode(message, who)
        link = "host" if tapped and who is Role.HOST else LINK
        way = Direction.RX if tapped or who is Role.DEVICE else Direction.TX
        found.append(WireChunk(t_ms * MS, link, way, data))
    return found


def told(protocol: str, *said: Said, tapped: bool = True) -> Reports:
    dialogue = new(protocol)
    return dispenser_reports(chunks(dialogue.protocol, said, tapped), LINK, dialogue, 1.0)


def ask(t_ms: int, what: Query, channel: int = 1) -> Said:
    return t_ms, Role.HOST, Ask(channel, what)


def answer(t_ms: int, data: str) -> Said:
    return t_ms, Role.DEVICE, Answer(data)


@pytest.mark.parametrize("tapped", [False, True])
def test_an_azt_sale_from_tap_and_master(tapped: bool) -> None:
    reports = told(
        "azt",
        ask(0, Query.STATUS), answer(30, "1"),
        ask(100, Query.STATUS), answer(130, "3"),
        ask(200, Query.VOLUME), answer(230, "000120"),
        ask(300, Query.STATUS), answer(330, "40"),
        ask(400, Query.SALE), (430, Role.DEVICE, SALE),
        ask(500, Query.CONFIRM), (530, Role.DEVICE, Short(Verdict.DONE)),
        ask(600, Query.TOTALS), answer(630, "0000123456" "0000000099"),
        tapped=tapped,
    )  # fmt: skip
    assert [state for _, state in reports.states] == [SaleState.CALLING, SaleState.DELIVERING, SaleState.COMPLETE]
    assert [(poll.volume, poll.amount) for poll in reports.polls] == [(120, None), (1000, 45_230)]
    assert [total.volume for total in reports.totals] == [123_456]
    assert [price for _, price in reports.prices] == [4523]
    assert reports.heard_to_the_end(0, 10**9)
    assert reports.sales_begun(0, 10**9) == 1
    for poll, asked_ns in zip(reports.polls, (200 * MS, 400 * MS), strict=True):
        # it held after it was asked for, however late that was stamped, and before it was heard
        assert poll.t_ns - poll.u_ns <= asked_ns - HOST_NS
        assert poll.t_ns + poll.u_ns <= asked_ns + 30 * MS


def test_a_volume_before_the_end_is_not_the_last_where_it_has_to_be_asked_for() -> None:
    said = (
        ask(0, Query.STATUS), answer(30, "3"), ask(100, Query.VOLUME), answer(130, "000120"), ask(200, Query.STATUS),
        answer(230, "40"),
    )  # fmt: skip
    assert not told("azt", *said).heard_to_the_end(0, 10**9)
    assert told("azt", *said, ask(300, Query.SALE), (330, Role.DEVICE, SALE)).heard_to_the_end(0, 10**9)


def test_the_end_of_the_sale_before_is_not_the_end_of_this_one() -> None:
    """It is said again and again until the next sale begins."""
    again = (ask(0, Query.STATUS), answer(30, "40"), ask(100, Query.STATUS), answer(130, "3"))
    read = (ask(300, Query.SALE), (330, Role.DEVICE, SALE))
    assert not told("azt", *again, *read).heard_to_the_end(0, 10**9)
    over = (ask(200, Query.STATUS), answer(230, "40"))
    assert told("azt", *again, *over, *read).heard_to_the_end(0, 10**9)


def test_a_result_is_no_start_value() -> None:
    """Read three times, it repeats; but what it began with was not heard."""
    begun = (ask(0, Query.STATUS), answer(30, "3"))
    over = (ask(200, Query.STATUS), answer(230, "40"))
    results = [one for t in (300, 400, 500) for one in (ask(t, Query.SALE), (t + 30, Role.DEVICE, SALE))]
    assert told("azt", *begun, *over, *results).start_value(0, 10**9) is None
    running = [one for t in (60, 120) for one in (ask(t, Query.VOLUME), answer(t + 30, "000005"))]
    heard_at_start = told("azt", *begun, *running, *over, *results).start_value(0, 10**9)
    assert heard_at_start is not None
    assert heard_at_start.volume == 5


def test_a_late_answer_is_never_taken_for_a_new_one() -> None:
    late_ms = new("azt").exchange_ns // MS + 2 * HOST_NS // MS + 1
    after = ask(late_ms + 100, Query.VOLUME)
    assert told("azt", ask(0, Query.VOLUME), answer(late_ms, "000120"), after).polls == []
    # asked again too soon: of the two answers that come neither is used
    again = told("azt", ask(0, Query.VOLUME), ask(300, Query.VOLUME), answer(320, "000120"), answer(340, "000150"))
    assert again.polls == []
    # to another question: its form says so
    other = told("azt", ask(0, Query.VOLUME), ask(300, Query.STATUS), answer(320, "000120"), answer(340, "3"))
    assert other.polls == []
    assert [state for _, state in other.states] == [SaleState.DELIVERING]


def test_an_answer_to_nobody_is_none() -> None:
    assert told("azt", answer(10, "3"), answer(20, "000120")) == Reports(asked_for=True)


def test_another_channel_is_not_ours() -> None:
    dialogue = AztDialogue(azt.PROTOCOL, Widths(), channel=1)
    said = (ask(0, Query.STATUS, 2), answer(30, "3"), ask(100, Query.STATUS, 1), answer(130, "0"))
    reports = dispenser_reports(chunks(azt.PROTOCOL, said, True), LINK, dialogue, 1.0)
    assert [state for _, state in reports.states] == [SaleState.IDLE]


def test_local_mode_and_what_answers_nothing() -> None:
    dialogue = AztDialogue(azt.PROTOCOL, Widths())
    assert not dialogue.told(Answer("3")).fits
    assert not dialogue.asked(Ask(None, Query.STOP))
    assert dialogue.asked(Ask(1, Query.STATUS))
    assert dialogue.told(Answer("8")) == Told()
    assert dialogue.told(Answer("3")) == Told((Report(state=SaleState.DELIVERING),))
    assert not dialogue.told(Answer("001000")).fits
    assert dialogue.asked(SetPrice(1, 4523))
    assert dialogue.told(Short(Verdict.DONE)) == Told()
    assert not dialogue.asked(Answer("0"))


def test_a_gilbarco_sale() -> None:
    sold = Transaction((1,), 0, 1, 752, 23_360, 17_567)
    poll = Command(Code.STATUS, 1)
    reports = told(
        "gilbarco",
        (0, Role.HOST, poll), (10, Role.DEVICE, Status(State.BUSY, 1)),
        (30, Role.HOST, poll), (40, Role.DEVICE, Status(State.BUSY, 1)),
        (60, Role.HOST, poll), (70, Role.DEVICE, Status(State.END_FINAL, 1)),  # a flipped bit: said once
        (80, Role.HOST, poll), (90, Role.DEVICE, Status(State.BUSY, 1)),
        (100, Role.HOST, poll), (110, Role.DEVICE, Status(State.END_FINAL, 1)),
        (120, Role.HOST, poll), (130, Role.DEVICE, Status(State.END_FINAL, 1)),
        (200, Role.HOST, Command(Code.TRANSACTION, 1)), (260, Role.DEVICE, sold),
        (300, Role.HOST, Command(Code.TOTALS, 1)), (360, Role.DEVICE, Totals((HoseTotals(0, 99, 1, 752, 0),))),
    )  # fmt: skip
    assert [state for _, state in reports.states] == [SaleState.DELIVERING, SaleState.COMPLETE]
    assert [(poll.volume, poll.amount) for poll in reports.polls] == [(23_360, 17_567)]
    assert [total.volume for total in reports.totals] == [99]
    assert [price for _, price in reports.prices] == [752]
    assert reports.heard_to_the_end(0, 10**9)


def test_a_gilbarco_answer_of_another_pump_or_kind_is_none() -> None:
    reports = told(
        "gilbarco",
        (0, Role.HOST, Command(Code.STATUS, 1)), (10, Role.DEVICE, Status(State.BUSY, 2)),
        (400, Role.HOST, Command(Code.AUTHORISE, 1)), (410, Role.DEVICE, Status(State.BUSY, 1)),
        (600, Role.HOST, Command(Code.STATUS, 1)), (610, Role.DEVICE, Status(State.BUSY, 1)),
        (800, Role.HOST, Command(Code.STATUS, 1)), (800 + WALL_NS // MS + 100, Role.DEVICE, Status(State.BUSY, 1)),
    )  # fmt: skip
    assert reports == Reports(asked_for=True)


def test_which_hose_is_under_test_is_not_guessed() -> None:
    dialogue = GilbarcoDialogue(gilbarco.PROTOCOL)
    hose = HoseTotals(0, 99, 1, 752, 0)
    assert dialogue.asked(Command(Code.TOTALS, 1))
    assert dialogue.told(Totals((hose, hose))) == Told()
    assert dialogue.told(Totals((hose,))) == Told((Report(total=99),))


def test_dart_frames_are_numbered() -> None:
    dialogue = new("dart")
    assert dialogue.numbered
    assert dialogue.speaks_up
    frame = dart.Data(
        0x50, 1, (dart.Status(dart.PumpState.FILLING), dart.Filled(5, 37), dart.NozzlePrice(752, 1, True))
    )
    assert dialogue.told(frame) == Told(
        (Report(state=SaleState.DELIVERING), Report(volume=5, amount=37), Report(price=752))
    )
    assert dialogue.told(frame) == Told()
    assert dialogue.told(replace(frame, seq=3)).lost
    assert dialogue.told(dart.Control(0x50, dart.ControlKind.EOT)) == Told(quiet=True)


@pytest.mark.parametrize(("kit", "device"), [("k0", None), ("k1", "tap_device"), ("k3", "dart")])
def test_the_plugin_says_where_the_dispenser_is_heard(kit: str, device: str | None) -> None:
    bench = find(f"dispenser-{kit}")
    assert listened(bench) == device
    found = heard(bench)
    assert found is None or (found.codec == "dart/1" and found.links == (device,))


def test_the_driver_of_a_station_that_is_not_installed_is_named() -> None:
    bench = parse(find("dispenser-k3").text.replace("dart-master", "strangers-master"), "bench.toml")
    with pytest.raises(PluginError, match=r"instrument master .* 'strangers-master' is not installed"):
        heard(bench)


def test_whoever_masters_a_dispenser_says_so() -> None:
    found = {name for name, spec in specs("instruments").items() if spec.masters is not None}
    assert {"dart-master"} <= found
    assert all(specs("instruments")[name].dispenser is not None for name in found)


class Strange:
    """The dialogue of a protocol that this tree has never heard of: numbers itself, tells totals only."""

    answer_ns = exchange_ns = 1
    numbered = True
    speaks_up = True
    protocol = replace(kern.PROTOCOL, name="strange", version=7)

    def asked(self, message: Message) -> bool:
        return True

    def told(self, message: Message) -> Told:
        return Told((Report(total=int(message.value)),) if isinstance(message, kern.Weight) and message.value else ())


def test_a_stranger_s_dispenser_is_heard_without_an_edit_here(monkeypatch: pytest.MonkeyPatch) -> None:
    tap = tap_of("strange-tap", Strange.protocol, lambda options: Strange(), {"hose": int})
    everything = {**specs("instruments"), "strange-tap": tap}
    monkeypatch.setattr("harness.derive.streams.specs", lambda group: everything)
    text = find("dispenser-k1").text.replace('driver = "dart-tap"', 'driver = "strange-tap"\nhose = 2')
    bench = parse(text, "bench.toml")
    assert check(bench, everything)
    found = heard(bench)
    assert found is not None
    assert (found.codec, found.links) == ("strange/7", ("tap_device",))
    said = [WireChunk(5 * MS, found.device, Direction.RX, b"+0127.20 G S\r\n")]
    assert dispenser_reports(said, found.device, found.dialogue(), 1.0).totals == [Total(5 * MS, 127)]
