"""Drivers of a stranger's scale that break the contract, each caught by the public kit, which names what is wrong."""

from __future__ import annotations

import re
import sys
import threading
import time
import unittest
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from fixtures.errors import InstrumentError
from fixtures.link import Arrival
from harness import testing
from harness.testing import Setting, watchdog
from protocols.contract import LineSettings, Message, Role
from tests.bench import stranger
from tests.bench.stranger import Scale, SimulatedScale, Weight, weighed

SECOND = 1_000_000_000
MS = 1_000_000

STRANGER: Setting = {"protocol": stranger.PROTOCOL, "change": SimulatedScale.more}
SHOWN = Decimal("21.50")


def at_work(make: Any, **spec: Any) -> None:
    testing.check_driver(
        replace(stranger.SPEC, make=make, **spec), SimulatedScale, does=weighed, value=SHOWN, **STRANGER
    )


def disturbed(make: Any) -> None:
    testing.check_faults(replace(stranger.SPEC, make=make), SimulatedScale, does=weighed, value=SHOWN, **STRANGER)


def test_a_stranger_s_scale() -> None:
    testing.check_instrument(stranger.SPEC, options={}, protocol=stranger.PROTOCOL)
    at_work(Scale)
    disturbed(Scale)


def test_without_pseudo_terminals_the_rest_is_held_and_the_reason_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(unittest.SkipTest, match="holds on the virtual clock; this system has no pseudo-terminals"):
        at_work(Scale)


class Sleeping(Scale):
    def weigh(self) -> Mapping[str, str]:
        time.sleep(30)
        return super().weigh()


class Calendar(Scale):
    def weigh(self) -> Mapping[str, str]:
        return {**super().weigh(), "at": datetime.now().isoformat()}


class Starting(Scale):
    def open(self) -> Mapping[str, Any]:
        threading.Thread(target=print).start()
        return super().open()


class Spinning(Scale):
    def weigh(self) -> Mapping[str, str]:
        until_ns = self._bench.now_ns() + 1000 * MS
        while self._bench.now_ns() < until_ns:
            pass
        return super().weigh()


class Early(Scale):
    _asked = False

    def due_ns(self) -> int | None:
        return None if self._asked else SECOND

    def tick(self, now_ns: int) -> None:
        self._asked = True
        self._ask()


class Overdue(Scale):
    """What is due stays due."""

    def due_ns(self) -> int | None:
        return 0


class Bypassing(Scale):
    def open(self) -> Mapping[str, Any]:
        self._bench._links[self._link].write(b"?99\n")  # type: ignore[attr-defined]
        return super().open()


class Babbling(Scale):
    def open(self) -> Mapping[str, Any]:
        self._bench.send(self._link, b"ATZ\r\n")
        return super().open()


class Silent(Scale):
    def open(self) -> Mapping[str, Any]:
        return {}


class Hoarding(Scale):
    """It keeps all it ever heard, to be on the safe side."""

    def receive(self, arrival: Arrival) -> None:
        self.heard = [*getattr(self, "heard", []), arrival.data] if len(arrival.data) < 4 else [arrival.data]
        self.log = getattr(self, "log", bytearray())
        self.log += arrival.data
        super().receive(arrival)


class Slipped(Scale):
    def weigh(self) -> Mapping[str, str]:
        return {"mass_g": str(Decimal(super().weigh()["mass_g"]) / 1000)}


class Shared(Scale):
    """What was heard lies in the class."""

    heard: list[Weight] = []  # noqa: RUF012  # the defect that is looked for

    def receive(self, arrival: Arrival) -> None:
        Shared.heard += [one for one in self._decoder.feed(arrival.data) if isinstance(one, Weight)]

    def weigh(self) -> Mapping[str, str]:
        if not Shared.heard:
            self._ask()
            self._bench.until(lambda: bool(Shared.heard), stranger.ANSWER_NS, "a weight", self._link)
        return {"mass_g": str(Shared.heard[0].grams)}


class Restless(Scale):
    _next_ns: int | None = None

    def open(self) -> Mapping[str, Any]:
        self._next_ns = self._bench.now_ns()
        return super().open()

    def due_ns(self) -> int | None:
        return self._next_ns

    def tick(self, now_ns: int) -> None:
        self._next_ns = now_ns + 5 * SECOND
        self._bench.send(self._link, stranger.encode(stranger.Question(99), Role.HOST))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Sleeping, r"time and ports to come from the bench .* got .*faulty_drivers line \d+, which waits by sleep"),
        (Calendar, r"line \d+, which reads a clock \(datetime\)"),
        (Starting, r"line \d+, which starts a thread"),
        (Spinning, r"100000 looks at the bench's clock, which stands still .* in weigh, line"),
        (Early, r"expected nothing to be sent before open; got .1 messages"),
        (Overdue, r"before open: expected a value .* got 100000 looks at the bench's clock, which stands still"),
        (Bypassing, r"on it_line nothing but what went through the bench .* got b'\?99"),
        (Babbling, r"expected to send messages of stranger as a host, and nothing else; got .*ATZ"),
        (Silent, r"open expected to tell what the device says of itself; got {}"),
        (Hoarding, r"a bounded number of the messages that nobody fetches .* got '\d+ bytes more after 3000 further reads"),
        (Slipped, r"on a clean line does expected Decimal\('21.50'\); got Decimal\('0.0215'\)"),
        (Shared, r"does expected Decimal\('22.75'\); got Decimal\('21.50'\)"),
        (Restless, r"make_safe expected to leave nothing that sends; got '\d+ more messages"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_a_clean_line_is_named(make: Any, why: str) -> None:
    with pytest.raises(testing.Broken, match=why):
        at_work(make)


class Sharing(Scale):
    """One decoder for all scales: what is wrong shows beside a second one alone."""

    decoders: list[Any] = []  # noqa: RUF012  # the defect that is looked for
    links: list[str] = []  # noqa: RUF012

    def __init__(self, bench: Any, links: Mapping[str, str], *rest: Any) -> None:
        super().__init__(bench, links, *rest)
        Sharing.links.append(self._link)

    def _ask(self) -> None:
        self._link = Sharing.links[-1]
        super()._ask()


def test_two_drivers_that_share_something_are_told() -> None:
    with pytest.raises(testing.Broken, match="beside another stranger-scale: they are expected to share nothing"):
        at_work(Sharing)


def test_a_driver_that_only_listens_sends_nothing() -> None:
    with pytest.raises(testing.Broken, match=r"open: InstrumentError expected|this link only listens"):
        at_work(Scale, writes=False)


class Hasty(Scale):
    """Any weight is the answer."""

    def _fitting(self, message: Message) -> Decimal | None:
        return message.grams if isinstance(message, Weight) else None


class Stale(Hasty):
    """So it is here, when the line was silent for a moment before the question."""

    _heard_ns = 0

    def receive(self, arrival: Arrival) -> None:
        self._heard_ns = arrival.t_ns
        super().receive(arrival)

    def _ask(self) -> None:
        rested_ns = self._heard_ns + 50 * MS
        self._bench.until(lambda: self._bench.now_ns() >= rested_ns, SECOND, "silence", self._link)
        super()._ask()


class Unchecked(Scale):
    """Digits are digits, whatever the check says."""

    def receive(self, arrival: Arrival) -> None:
        self._held = getattr(self, "_held", b"") + arrival.data
        *lines, self._held = self._held[-64:].split(b"\n")
        for line in lines:
            if found := re.search(rb"(\d\d) (\d+\.\d\d)", line):
                self._answers.put((Weight(int(found[1]), Decimal(found[2].decode())),))


class Careless(Scale):
    """A field that is not there is a KeyError."""

    def receive(self, arrival: Arrival) -> None:
        for line in arrival.data.splitlines():
            number, grams = dict(enumerate(line.decode("latin-1").split()))[0], line.split()[1]
            self._answers.put((Weight(int(number), Decimal(grams.decode("latin-1"))),))


class Hanging(Scale):
    """It asks until something comes, whatever the bench says."""

    def weigh(self) -> Mapping[str, str]:
        while True:
            try:
                return super().weigh()
            except Exception:  # the defect that is looked for
                continue


class Curt(Scale):
    def weigh(self) -> Mapping[str, str]:
        try:
            return super().weigh()
        except InstrumentError:
            raise InstrumentError("no answer") from None


class Cached(Scale):
    """Where nothing comes, the last weight will do."""

    _last: Mapping[str, str] = {}

    def weigh(self) -> Mapping[str, str]:
        try:
            self._last = super().weigh()
        except InstrumentError:
            if not self._last:
                raise
        return self._last


class Stuck(Scale):
    """After one failure it never asks again."""

    _failed = False

    def weigh(self) -> Mapping[str, str]:
        if self._failed:
            raise InstrumentError(f"scale on {self._link}: expected a scale, but it failed before; restart the program")
        self._failed = True
        told = super().weigh()
        self._failed = False
        return told


class WholeReads(Scale):
    """A read is a line."""

    def receive(self, arrival: Arrival) -> None:
        self._answers.put((stranger.read(arrival.data),))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (Hasty, r"each answer twice, one after the other .* got .*a stale answer was taken for a new one"),
        (Stale, r"every answer comes [0-9.]+ s late: expected Decimal.* or InstrumentError; got .*a stale answer was taken for a new one"),
        (Unchecked, r"one bit flipped, in byte \d+ of the answers: expected Decimal.* or InstrumentError; got .*a wrong value"),
        (Careless, r"split over many reads .*: expected a value or InstrumentError; got (Key|Index)Error: .* in receive, line \d+"),
        (Hanging, r"expected a value or InstrumentError within 600 s of the bench's clock; got still at it in (weigh|first), line"),
        (Curt, r"InstrumentError expected to name the link \(it_line\); got 'no answer'"),
        (Cached, r"a stale answer was taken for a new one"),
        (Stuck, r"then a clean line: expected Decimal.* within 4 tries; got InstrumentError"),
        (WholeReads, r"answers split over many reads \(seed 1\): nothing is lost on such a line; expected Decimal"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_a_disturbed_line_is_named(make: Any, why: str) -> None:
    with pytest.raises(testing.Broken, match=why):
        disturbed(make)


def test_a_value_that_never_changes_hides_stale_answers_and_is_not_taken() -> None:
    """Without `change` a driver that answers from its memory passed."""
    spec = replace(stranger.SPEC, make=Cached)
    with pytest.raises(testing.Broken, match=r"expected change, .* or unchanging, the reason why .*; got 'neither'"):
        testing.check_faults(spec, SimulatedScale, does=weighed, value=SHOWN, protocol=stranger.PROTOCOL)
    with pytest.raises(testing.Broken, match="change expected to make another value right at each call; got "):
        testing.check_faults(
            spec, SimulatedScale, does=weighed, value=SHOWN, protocol=stranger.PROTOCOL, change=lambda device: SHOWN
        )


# --- what no bench sees --------------------------------------------------------------------------------------------------------


class Looping(Scale):
    """It waits for its own field, and lets nobody fill it."""

    def weigh(self) -> Mapping[str, str]:
        self._ask()
        self._come = 0
        while not self._come:
            try:
                self._come = 0
            except Exception:  # the defect that is looked for
                continue
        return super().weigh()


class LoopingAtItsMaking(Scale):
    def __init__(self, *rest: Any) -> None:
        super().__init__(*rest)
        while True:
            pass


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (
            Looping,
            r"open: expected it to return, or to call the bench; got nothing, .* it loops by itself in weigh, line \d+",
        ),
        (LoopingAtItsMaking, r"expected it to return, .* in __init__, line \d+"),
    ],
)
def test_a_driver_that_loops_by_itself_is_ended_and_named(monkeypatch: pytest.MonkeyPatch, make: Any, why: str) -> None:
    monkeypatch.setattr(watchdog, "STUCK_S", 1.0)
    with pytest.raises(testing.Broken, match=why):
        at_work(make)
    if make is LoopingAtItsMaking:
        with pytest.raises(testing.Broken, match=why):
            testing.check_instrument(replace(stranger.SPEC, make=make), options={}, protocol=stranger.PROTOCOL)


class Metering(Scale):
    """A mass meter that tells no density."""

    def read(self) -> Mapping[str, str]:
        return {"mass_total_kg": self.weigh()["mass_g"], "mass_flow_kg_s": "0"}


class Wordy(Scale):
    def weigh(self) -> Mapping[str, str]:
        return {"mass_g": f"{super().weigh()['mass_g']} g"}


class Placing(Scale):
    def place(self, mass_kg: Decimal, position: str) -> Mapping[str, str]:
        return {"lies": str(mass_kg)}

    def unload(self) -> None: ...


def placed(driver: Any) -> Decimal:
    return Decimal(driver.place(Decimal("21.50"), "centre")["lies"])


@pytest.mark.parametrize(
    ("make", "role", "does", "why"),
    [
        (Metering, "mass", weighed, r"role mass expected read\(\) to give mass_total_kg, density_kg_m3 .*; got .no density_kg_m3 in"),
        (Wordy, "weigh", lambda _: SHOWN, r"role weigh expected weigh\(\) to give mass_g as exact decimals.*; got .no mass_g in"),
        (Placing, "load", placed, r"role load expected place\(\) to give mass_kg .*; got .no mass_kg in"),
    ],
)  # fmt: skip
def test_a_reading_without_what_its_role_is_for_is_named(make: Any, role: str, does: Any, why: str) -> None:
    spec = replace(stranger.SPEC, make=make, provides=frozenset({role}))
    with pytest.raises(testing.Broken, match=why):
        testing.check_driver(spec, SimulatedScale, does=does, value=SHOWN, protocol=stranger.PROTOCOL)


# --- specification objects that are not filled in ----------------------------------------------------------------------------


def started(*_: Any) -> Any:
    threading.Thread(target=print).start()


def sending(bench: Any, links: Mapping[str, str], options: Any, profile: Any) -> Scale:
    bench.send(links["line"], b"?01\n")
    return Scale(bench, links, options, profile)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "Stranger Scale"}, "name: expected lower case"),
        ({"api": 7}, "api expected 1"),
        ({"links": ()}, "links expected a tuple"),
        ({"options": {"threshold_v": float}}, "option threshold_v expected one of the bench file's types"),
        ({"options": {"zone": str}}, "other names than the bench file's own keys"),
        ({"provides": frozenset({"weight"})}, "provides expected some of deliver"),
        ({"provides": frozenset({"mass"})}, "role mass expected a driver that Meters; got 'Scale'"),
        ({"protocol": "unheard-of"}, 'protocol expected "" or one of stranger'),
        ({"line": LineSettings(9600, 9)}, "settings of a port"),
        ({"line": LineSettings(2400)}, r"line expected that of its protocol stranger, .*baud=9600.* got .*baud=2400"),
        ({"line": LineSettings(9600, 7, "E")}, "line expected that of its protocol stranger, .* or line_source"),
        ({"capacity_edges_per_s": 1e5}, "capacity_source expected to say what"),
        ({"observes": frozenset({"weight"})}, "observes_why expected the reason"),
        ({"make": lambda *_: object()}, "expected a Driver, with receive"),
        ({"make": started}, "starts a thread"),
        ({"make": sending}, "nothing to be sent before open"),
        ({"gives": lambda options: ("grams",)}, r"role weigh expected gives to name mass_g; got \['mass_g'\]"),
    ],
)
def test_what_a_specification_lacks_is_named(changes: Mapping[str, Any], why: str) -> None:
    with pytest.raises(testing.Broken, match=why):
        testing.check_instrument(replace(stranger.SPEC, **changes), options={}, protocol=stranger.PROTOCOL)
