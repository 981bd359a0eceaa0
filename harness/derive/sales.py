"""DART traffic -> what the board reported: volume and amount polls, totals, prices, and when a sale was over.

A value travelled in a frame: it held before the frame's first character, at most the pump's answer time before that
(25 ms, DART 2.11), and the frame was stamped at most as much too late as the host or, where the run has tested it, the
adapter of this link is.  The stamp is the middle of that interval, u_ns its half width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from captures.model import Direction, WireChunk
from protocols.contract import Role
from protocols.wire.dart import PROTOCOL, Control, ControlKind, Data, Filled, NozzlePrice, PumpState, Status, Totals

CODEC = f"{PROTOCOL.name}/{PROTOCOL.version}"
ANSWER_NS = 25_000_000
HOST_NS = 2_000_000  # stamping by an idle host, per unit of clock speed
OVER = (PumpState.COMPLETE, PumpState.LIMIT_REACHED)


@dataclass(frozen=True, slots=True)
class Poll:
    t_ns: int
    u_ns: int
    volume: int
    amount: int


@dataclass(frozen=True, slots=True)
class Total:
    t_ns: int
    volume: int


@dataclass(frozen=True)
class Reports:
    """What one dispenser said, in time order.  `lost_ns` are instants before which a data frame was not heard; `quiet_ns`
    when it answered a poll with "nothing new": what it said last still held."""

    polls: list[Poll] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    states: list[tuple[int, PumpState]] = field(default_factory=list)
    prices: list[tuple[int, int]] = field(default_factory=list)
    lost_ns: list[int] = field(default_factory=list)
    quiet_ns: list[int] = field(default_factory=list)

    def heard_to_the_end(self, begin_ns: int, until_ns: int) -> bool:
        """The pump said that the sale was over, and no frame is missing between its last volume and that."""
        over = [t_ns for t_ns, state in self.states if begin_ns <= t_ns < until_ns and state in OVER]
        polls = [poll.t_ns for poll in self.polls if begin_ns <= poll.t_ns < until_ns]
        if not over or not polls:
            return False
        return not any(min(polls[-1], over[-1]) <= t_ns <= until_ns for t_ns in self.lost_ns)

    def sales_heard(self, after_ns: int, until_ns: int) -> list[int] | None:
        """Final volumes (register steps) of the sales that began and ended in between; None where one was not heard
        to its end."""
        finals: list[int] = []
        begins = self._begins(after_ns, until_ns)
        for begin_ns, next_ns in pairwise([*begins, until_ns + 1]):
            polls = [poll for poll in self.polls if begin_ns <= poll.t_ns < next_ns]
            if not self.heard_to_the_end(begin_ns, next_ns) or len(polls) < 2 or polls[-1].volume != polls[-2].volume:
                return None
            finals.append(polls[-1].volume)
        return finals

    def start_value(self, begin_ns: int, until_ns: int) -> Poll | None:
        """The first value of the sale that begins in between, where it was heard before anything flowed: zero, or a value
        that the pump confirmed by repeating it or by answering that nothing is new.

        A pump reports changes only: after its FILLING, what it says is the new sale's, unless it is what the sale
        before ended with (then it was not zeroed yet).
        """
        polls = [poll for poll in self.polls if begin_ns <= poll.t_ns < until_ns]
        first = new_sale(polls)
        begins = self._begins(begin_ns, until_ns)
        if first is None and begins:
            before = next((poll.volume for poll in reversed(self.polls) if poll.t_ns < begin_ns), None)
            after = (i for i, p in enumerate(polls) if p.t_ns + p.u_ns >= begins[0] and p.volume != before)
            first = next(after, None)
        if first is None:
            return None
        poll, later = polls[first], polls[first + 1 : first + 2]
        next_ns = later[0].t_ns if later else until_ns
        repeated = bool(later) and later[0].volume == poll.volume
        quiet = any(poll.t_ns + poll.u_ns < t_ns < next_ns for t_ns in self.quiet_ns)
        return poll if poll.volume == 0 or repeated or quiet else None

    def _begins(self, after_ns: int, until_ns: int) -> list[int]:
        """When the pump said that it began filling."""
        inside = [(t_ns, state) for t_ns, state in self.states if after_ns < t_ns <= until_ns]
        return [
            t_ns
            for i, (t_ns, state) in enumerate(inside)
            if state is PumpState.FILLING and (i == 0 or inside[i - 1][1] is not PumpState.FILLING)
        ]

    def sales_begun(self, after_ns: int, until_ns: int) -> int:
        """How many sales the pump said it began filling."""
        return len(self._begins(after_ns, until_ns))

    def foreign_sale(self, after_ns: int, until_ns: int) -> bool | None:
        """Whether another sale than the one asked for began in between; None where a frame that may have told of it was
        not heard."""
        if self.sales_begun(after_ns, until_ns) > 1:
            return True
        return None if any(after_ns < t_ns <= until_ns for t_ns in self.lost_ns) else False


def new_sale(polls: Sequence[Poll]) -> int | None:
    """Index of the first poll of a new sale: the volume is zero, or less than before.  The board keeps showing the sale
    before until the new one is zeroed.  None where neither was heard."""
    return next((i for i, p in enumerate(polls) if p.volume == 0 or (i and p.volume < polls[i - 1].volume)), None)


def dispenser_reports(chunks: Sequence[WireChunk], speed: float, late_ns: int = 0) -> Reports:
    """Everything in what the dispenser sent.  Repeated frames (same sequence number) are repeats, not readings.

    `speed` of the recording clock; `late_ns`: how late arrivals on this link are stamped at worst.
    """
    listener = Listener(speed, late_ns)
    for chunk in chunks:
        listener.feed(chunk)
    return listener.reports


class Listener:
    """What one dispenser says, decoded as its bytes come, into `reports`; arguments as of `dispenser_reports`."""

    def __init__(self, speed: float, late_ns: int) -> None:
        self.reports = Reports()
        self._decoder = PROTOCOL.decoder(Role.DEVICE)
        self._held_ns = max(int(HOST_NS * speed), late_ns)
        self._last: Data | None = None

    def feed(self, chunk: WireChunk) -> None:
        if chunk.direction is not Direction.RX:
            return
        for message in self._decoder.feed(chunk.data):
            if isinstance(message, Control) and message.kind is ControlKind.EOT:
                self.reports.quiet_ns.append(chunk.t_ns)
            if not isinstance(message, Data) or message == self._last:
                continue
            # after F both 0 and 1 are seen in captures; 0 also restarts (protocols.md 4.1)
            if self._last is not None and message.seq not in (0, self._last.seq % 15 + 1, self._last.seq + 1):
                self.reports.lost_ns.append(chunk.t_ns)
            self._last = message
            _learn(self.reports, message, chunk.t_ns, self._held_ns)


def joined(heard: Sequence[Reports], gaps_ns: Sequence[int]) -> Reports:
    """What was said in one span after the other; at the end of each gap frames were not heard."""
    if len(heard) == 1:
        return heard[0]
    whole = Reports()
    for begin_ns, reports in zip([None, *gaps_ns], heard, strict=True):
        whole.polls.extend(reports.polls)
        whole.totals.extend(reports.totals)
        whole.states.extend(reports.states)
        whole.prices.extend(reports.prices)
        whole.lost_ns.extend([*([] if begin_ns is None else [begin_ns]), *reports.lost_ns])
        whole.quiet_ns.extend(reports.quiet_ns)
    return whole


def _learn(reports: Reports, message: Data, t_ns: int, held_ns: int) -> None:
    width_ns = len(PROTOCOL.encode(message, Role.DEVICE)) * PROTOCOL.line.char_ns() + ANSWER_NS + held_ns
    for transaction in message.transactions:
        match transaction:
            case Filled(volume=volume, amount=amount):
                reports.polls.append(Poll(t_ns - width_ns // 2, width_ns // 2, volume, amount))
            case Totals(counters=counters):
                reports.totals.append(Total(t_ns, counters[0]))
            case Status(state=state):
                reports.states.append((t_ns, state))
            case NozzlePrice(price=price):
                reports.prices.append((t_ns, price))
            case _:
                pass


def scaled(digits: int, step: Decimal) -> Decimal:
    """The displayed number of BCD `digits` with the profile's resolution `step`."""
    return (digits * step).quantize(step)
