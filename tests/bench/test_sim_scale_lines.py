"""The simulated scale's serial lines: every protocol, as the project's own decoder reads it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fixtures.sim.scale.lines import LINES
from fixtures.sim.scale.scenario import ScaleScenario
from fixtures.sim.scale.station import ScaleStation, build_scale
from protocols.contract import Garbage, Message, Role
from protocols.indication import Indicating, Indication
from protocols.wire import digi_b, mt_sics, toledo_8217, yaohua

S = 1_000_000_000
BROADCASTS = [name for name, language in LINES.items() if language.frame is not None]
TELLS_REST = ("mt-sics", "mt-continuous", "cas", "and", "kern")


class Line:
    """The bench's end of port "scale"."""

    def __init__(self, protocol: str, **changes: object) -> None:
        self.station: ScaleStation = build_scale(
            ScaleScenario(protocol=protocol, seed=5, span=0.0, noise_e=0.01, **changes)  # type: ignore[arg-type]
        )
        self.scale = self.station.scale
        self.protocol = LINES[protocol].protocol
        self._decoder = self.protocol.decoder(Role.DEVICE)

    def until(self, seconds: float) -> list[Message]:
        end_ns, heard = int(seconds * S), []
        while self.station.now_ns < end_ns:
            for arrival in self.station.advance(end_ns):
                heard += self._decoder.feed(arrival.data)
        return heard

    def ask(self, message: Message, wait_s: float = 0.5) -> list[Message]:
        self.station.ports["scale"].receive(self.protocol.encode(message, Role.HOST))
        return self.until(self.station.now_ns / S + wait_s)

    def put(self, kg: float) -> None:
        self.scale.put(kg, self.station.now_ns)


def told(messages: list[Message]) -> list[Indication]:
    found = [message.indication() for message in messages if isinstance(message, Indicating)]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("protocol", BROADCASTS)
def test_broadcast_tells_the_weight_again_and_again(protocol: str) -> None:
    line = Line(protocol)
    line.until(2)
    line.put(1.2345)
    moving = line.until(2.6)
    rest = line.until(8)
    assert not [message for message in moving + rest if isinstance(message, Garbage)]
    last = told(rest)[-1]
    grams = Decimal(1000) if last.unit == "g" else Decimal(1)
    assert last.weight is not None
    assert last.weight / grams == Decimal("1.235")
    assert last.stable is (True if protocol in TELLS_REST else None)
    if protocol in TELLS_REST:
        assert any(one.stable is False for one in told(moving))
    slow = {"and": 0.1, "kern": 0.15}  # their lines do not carry a frame each 50 ms
    assert len(rest) == pytest.approx(5.4 / slow.get(protocol, 0.05), rel=0.06)


@pytest.mark.parametrize("protocol", BROADCASTS)
def test_negative_and_out_of_range_are_no_weight_of_another_kind(protocol: str) -> None:
    line = Line(protocol)
    line.until(2)
    line.put(0.25)
    line.until(5)
    line.scale.key("tare", line.station.now_ns)
    line.until(6)
    line.put(0.0)
    line.until(9)
    negative = told(line.until(10))
    if protocol != "yaohua-priced":  # shows no price below zero, so no frame of all three
        assert {one.weight for one in negative} <= {Decimal("-0.250"), Decimal(-250)}
        assert negative
    line.put(16.0)
    line.until(13)
    over = told(line.until(14))
    assert all(one.weight is None for one in over)


def test_a_slow_line_does_not_fall_behind() -> None:
    line = Line("kern", frame_ms=20)  # 14 characters at 1200 baud take 128 ms
    heard = line.until(10)
    assert 55 <= len(heard) <= 72
    line.put(1.0)
    line.until(13)
    assert told(line.until(13.4))[-1].weight == 1000


def test_nothing_is_sent_without_power_and_in_the_self_test() -> None:
    line = Line("mt-continuous")
    line.until(2)
    line.scale.power(False, line.station.now_ns)
    assert line.until(4)[1:] == []  # at most the frame that was on its way
    line.scale.power(True, line.station.now_ns)
    assert line.until(6.4) == []
    assert told(line.until(10))


def test_price_is_on_the_lines_that_carry_it() -> None:
    for protocol, asked in (("digi-b", digi_b.Enquiry()), ("yaohua-priced", None)):
        line = Line(protocol, broadcast=asked is None)
        line.until(1)
        for number, key in enumerate("12.5"):
            line.scale.key(key, line.station.now_ns + number)
        line.put(0.5)
        line.until(5)
        heard = told(line.until(6) if asked is None else line.ask(asked))[-1]
        assert (heard.weight, heard.unit_price, heard.price) == (Decimal("0.500"), Decimal("12.50"), Decimal("6.25"))


def test_digi_tells_base_tare_and_range() -> None:
    line = Line("digi-b", broadcast=False, units=("kg", "100g"))
    line.until(2)
    line.put(0.25)
    line.until(5)
    line.scale.key("tare", line.station.now_ns)
    line.until(6)
    line.scale.key("unit", line.station.now_ns)
    line.put(1.25)
    line.until(9)
    [reading] = line.ask(digi_b.Enquiry())
    assert isinstance(reading, digi_b.Reading)
    assert (reading.net_weight, reading.price_base) == (Decimal("1.000"), "100 g")
    said = reading.indication()
    assert (said.tare, said.net, said.stable) == (Decimal("0.250"), True, True)
    line.put(16.0)
    line.until(13)
    [over] = told(line.ask(digi_b.Enquiry()))
    assert (over.weight, over.overload) == (None, True)


def test_sics_answers_weights_zero_tare_and_identity() -> None:
    line = Line("mt-sics", broadcast=False)
    line.until(2)
    line.put(0.5)
    line.until(2.2)
    [moving] = line.ask(mt_sics.Request("SI"), 0.2)
    assert isinstance(moving, mt_sics.Weight)
    assert moving.status is mt_sics.Status.DYNAMIC
    [stable] = line.ask(mt_sics.Request("S"), 4)
    assert isinstance(stable, mt_sics.Weight)
    assert (stable.status, stable.value, stable.unit) == (mt_sics.Status.STABLE, Decimal("0.500"), "kg")
    [tared] = line.ask(mt_sics.Request("T"))
    assert isinstance(tared, mt_sics.Weight)
    assert tared.value == Decimal("0.500")
    assert told(line.ask(mt_sics.Request("SI")))[0].weight == 0
    assert line.ask(mt_sics.Request("TAC")) == [mt_sics.Answer("TAC", mt_sics.Status.DONE)]
    assert line.ask(mt_sics.Request("Z")) == [mt_sics.Answer("Z", mt_sics.Status.ABOVE)]
    preset = line.ask(mt_sics.Request("TA", ("0.1", "kg")))
    assert [message.value for message in preset if isinstance(message, mt_sics.Weight)] == [Decimal("0.100")]
    assert line.ask(mt_sics.Request("TA", ("0.1001", "kg"))) == [mt_sics.Answer("TA", mt_sics.Status.PARAMETER)]
    listed = line.ask(mt_sics.Request("I0"), 2)
    assert len(listed) == 17
    assert line.ask(mt_sics.Request("SR")) == [mt_sics.Fault("S")]  # not listed, not there
    repeated = line.ask(mt_sics.Request("SIR"), 2)
    assert len(repeated) > 12
    quiet = line.ask(mt_sics.Request("@"), 1)
    assert isinstance(quiet[-1], mt_sics.Answer)
    assert line.until(line.station.now_ns / S + 1) == []


def test_sics_tells_no_weight_of_before_a_tare_after_it() -> None:
    """Asked in one breath: the answers keep their order, and the weight has followed."""
    line = Line("mt-sics", broadcast=False)
    line.until(2)
    line.put(0.5)
    line.until(6)
    requests = (mt_sics.Request(command) for command in ("T", "S", "TAC", "SI"))
    line.station.ports["scale"].receive(b"".join(mt_sics.PROTOCOL.encode(one, Role.HOST) for one in requests))
    tared, net, cleared, gross = line.until(7)
    assert (told([net])[0].weight, told([gross])[0].weight) == (0, Decimal("0.500"))
    assert isinstance(tared, mt_sics.Weight)
    assert tared.identifier == "T"
    assert cleared == mt_sics.Answer("TAC", mt_sics.Status.DONE)


def test_8217_passes_the_probe_and_tells_a_status_for_what_is_no_weight() -> None:
    line = Line("toledo-8217", broadcast=False)
    line.until(2)
    line.station.ports["scale"].receive(b"Ehello")
    raw = b""
    end_ns = line.station.now_ns + S // 2
    while line.station.now_ns < end_ns:
        raw += b"".join(arrival.data for arrival in line.station.advance(end_ns))
    assert raw == b"\x02E\x0dhello"
    line.station.ports["scale"].receive(b"F")
    line.until(3)
    ask = toledo_8217.Request(toledo_8217.Command.WEIGHT)
    line.put(1.0)
    line.until(3.2)
    [moving] = line.ask(ask, 0.2)
    assert isinstance(moving, toledo_8217.Status)
    assert toledo_8217.Flag.MOTION in moving.flags
    line.until(7)
    assert line.ask(ask) == [toledo_8217.Weight("01.000")]
    line.ask(toledo_8217.DigitalTare("00250"))
    assert line.ask(ask) == [toledo_8217.Weight("00.750", True)]
    line.put(16.0)
    line.until(13)
    [over] = line.ask(ask)
    assert isinstance(over, toledo_8217.Status)
    assert toledo_8217.Flag.OVER in over.flags


def test_the_digit_below_the_display_has_no_negative_zero() -> None:
    """An empty scale reads a little below zero as often as above it."""
    line = Line("toledo-8217", broadcast=False)
    line.until(3)
    ask = toledo_8217.Request(toledo_8217.Command.HIGH_RESOLUTION)
    said = [message for _ in range(60) for message in line.ask(ask)]
    weights = {message.field for message in said if isinstance(message, toledo_8217.Weight)}
    assert "00.0000" in weights
    assert len(said) == 60


def test_yaohua_commands_tell_gross_tare_net_price_and_amount() -> None:
    line = Line("yaohua-command", broadcast=False)
    line.until(2)
    line.put(0.25)
    line.until(5)
    line.scale.key("tare", line.station.now_ns)
    line.until(6)
    for number, key in enumerate("12.5"):
        line.scale.key(key, line.station.now_ns + number)
    line.put(0.75)
    line.until(10)
    commands = yaohua.Command
    assert line.ask(yaohua.Request("A", commands.HANDSHAKE)) == [yaohua.Ready("A")]
    values = []
    for command in (commands.GROSS, commands.TARE, commands.NET, commands.PRICE_OR_VEHICLE, commands.AMOUNT_OR_CARGO):
        [answer] = line.ask(yaohua.Request("A", command))
        assert isinstance(answer, yaohua.Answer)
        values.append(str(answer.value))
    assert values == ["0.750", "0.250", "0.500", "12.50", "6.25"]
    assert line.ask(yaohua.Request("B", commands.NET)) == []  # another address


@pytest.mark.parametrize(("protocol", "broadcast"), [("toledo-8217", True), ("cas", False), ("morse", True)])
def test_a_line_that_cannot_be_is_refused(protocol: str, broadcast: bool) -> None:
    with pytest.raises(ValueError, match=r"broadcast|installed"):
        build_scale(ScaleScenario(protocol=protocol, broadcast=broadcast))


@pytest.mark.parametrize("unit", ["kg", "jin"])
@pytest.mark.parametrize("protocol", ["yaohua-priced", "yaohua-command", "digi-b"])
def test_a_price_that_fits_no_frame_is_not_sent(protocol: str, unit: str) -> None:
    line = Line(protocol, broadcast=protocol == "yaohua-priced")
    line.until(6)
    for key in [*(["unit"] if unit == "jin" else []), "9", "9", "9", "9"]:
        line.scale.key(key, line.station.now_ns)
        line.until(line.station.now_ns / S + 0.2)
    assert line.scale.keypad.unit_price == Decimal("999.00")
    line.put(14.0)
    line.until(line.station.now_ns / S + 4)
    asked = {
        "digi-b": [digi_b.Enquiry()],
        "yaohua-command": [yaohua.Request("A", command) for command in yaohua.Command],
    }
    heard = [message for question in asked.get(protocol, []) for message in line.ask(question)] or line.until(12)
    assert not [message for message in heard if isinstance(message, Garbage)]
    prices = [m for m in heard if isinstance(m, yaohua.Priced)]
    prices += [m for m in heard if isinstance(m, yaohua.Answer) and m.command is yaohua.Command.AMOUNT_OR_CARGO]
    assert not prices
    assert all(digi_b.Flag1.TOTAL_OVERFLOW in m.flag1 for m in heard if isinstance(m, digi_b.Reading))
