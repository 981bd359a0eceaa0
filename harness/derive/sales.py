"""What a dispenser said on its line -> what the board reported: volume and amount polls, totals, prices, and when a sale was over.

A value travelled in a frame: it held before the frame's first character, at most the dispenser's answer time before that, and the
frame was stamped at most as much too late as the host or, where the run has tested it, the adapter of this link is.  Where the
question is known, it held after that.  The stamp is the middle of that interval, u_ns its half width.

Answers that carry no number count for the last question only, and in time (fixtures/pairing.py): the rule of the drivers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from captures.model import Direction, WireChunk
from fixtures.pairing import Heard, Pairing
from protocols.contract import Garbage, Message, Role
from protocols.dispensing import Dialogue, SaleState, Told

HOST_NS = 2_000_000  # stamping by an idle host, per unit of clock speed
WALL_NS = 250_000_000  # no deadline of a driver is shorter on the wall (fixtures/clock.py)
OVER = (SaleState.COMPLETE, SaleState.LIMIT_REACHED)


@dataclass(frozen=True, slots=True)
class Poll:
    """`amount` None where the volume alone was told."""

    t_ns: int
    u_ns: int
    volume: int
    amount: int | None


@dataclass(frozen=True, slots=True)
class Total:
    t_ns: int
    volume: int


@dataclass(frozen=True)
class Reports:
    """What one dispenser said, in time order.  `lost_ns` are instants before which a data frame was not heard; `quiet_ns`
    when it answered a poll with "nothing new": what it said last still held.  `asked_for`: it says its volume only when asked,
    so that the last of a sale is one that was asked for after its end."""

    polls: list[Poll] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    states: list[tuple[int, SaleState]] = field(default_factory=list)
    prices: list[tuple[int, int]] = field(default_factory=list)
    lost_ns: list[int] = field(default_factory=list)
    quiet_ns: list[int] = field(default_factory=list)
    asked_for: bool = False

    def heard_to_the_end(self, begin_ns: int, until_ns: int) -> bool:
        """The pump said that the sale was over, and no frame is missing between its last volume and that."""
        over = [t_ns for t_ns, state in self.states if begin_ns <= t_ns < until_ns and state in OVER]
        polls = [poll.t_ns for poll in self.polls if begin_ns <= poll.t_ns < until_ns]
        if self.asked_for:  # it goes on saying that the sale before is over, until the next one begins
            begins = self._begins(begin_ns - 1, until_ns - 1)
            over = [t_ns for t_ns in over if begins and t_ns > begins[-1]]
        if not over or not polls or (self.asked_for and polls[-1] < over[0]):
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
        that the pump confirmed by repeating it or by answering that nothing is new.  A value that was asked for after the end
        is none.

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
        if self.asked_for and not (begins and begins[0] <= poll.t_ns and not self._over_between(begins[0], poll.t_ns)):
            return None
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
            if state is SaleState.DELIVERING and (i == 0 or inside[i - 1][1] is not SaleState.DELIVERING)
        ]

    def _over_between(self, begin_ns: int, until_ns: int) -> bool:
        return any(begin_ns <= t_ns <= until_ns and state in OVER for t_ns, state in self.states)

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


def dispenser_reports(
    chunks: Sequence[WireChunk], link: str, dialogue: Dialogue, speed: float, late_ns: int = 0
) -> Reports:
    """Everything in what the dispenser sent on `link`; `chunks` of its master stand among them, in order of time, where answers
    mean nothing without the question.

    `speed` of the recording clock; `late_ns`: how late arrivals on this link are stamped at worst.
    """
    listener = Listener(link, dialogue, speed, late_ns)
    for chunk in chunks:
        listener.feed(chunk)
    return listener.reports


class Listener:
    """What one dispenser says, decoded as its bytes come, into `reports`; arguments as of `dispenser_reports`."""

    def __init__(self, link: str, dialogue: Dialogue, speed: float, late_ns: int) -> None:
        self.reports = Reports(asked_for=not dialogue.speaks_up)
        self._link, self._dialogue = link, dialogue
        self._device, self._host = dialogue.protocol.decoder(Role.DEVICE), dialogue.protocol.decoder(Role.HOST)
        self._held_ns = max(int(HOST_NS * speed), late_ns)
        self._patience_ns = max(
            dialogue.exchange_ns, int(WALL_NS * speed)
        )  # as the driver's, so that both use the same answers
        self._pairing = None if dialogue.numbered else Pairing(self._patience_ns)
        self._asked_ns: int | None = None
        self._before = self._sizes()

    def feed(self, chunk: WireChunk) -> None:
        if chunk.link == self._link and chunk.direction is Direction.RX:
            for message in self._device.feed(chunk.data):
                self._hear(message, chunk.t_ns)
        elif self._pairing is not None:
            if chunk.link == self._link:  # what was begun before the question is no answer to it, nor for its driver
                self._device.close()
            else:  # a tap stamps both sides as late as it hears them: that makes no answer a late one
                self._pairing.answer_ns = self._patience_ns + 2 * self._held_ns
            for message in self._host.feed(chunk.data):
                if self._dialogue.asked(message):
                    self._pairing.asked(chunk.t_ns)
                    self._asked_ns = chunk.t_ns

    def _hear(self, message: Message, t_ns: int) -> None:
        if isinstance(message, Garbage):
            return
        told = self._dialogue.told(message)
        if self._pairing is not None:
            what = self._pairing.heard(t_ns, told.fits)
            if what is Heard.SURPLUS:  # the one before may be the late one
                self._withdraw()
            if what is not Heard.READING:
                return
        if told.quiet:
            self.reports.quiet_ns.append(t_ns)
        if told.lost:
            self.reports.lost_ns.append(t_ns)
        self._before = self._sizes()
        self._learn(message, told, t_ns)

    def _learn(self, message: Message, told: Told, t_ns: int) -> None:
        half_ns = self._width_ns(message, t_ns) // 2
        for report in told.reports:
            if report.volume is not None:
                self.reports.polls.append(Poll(t_ns - half_ns, half_ns, report.volume, report.amount))
            if report.total is not None:
                self.reports.totals.append(Total(t_ns, report.total))
            if report.state is not None:
                self.reports.states.append((t_ns, report.state))
            if report.price is not None:
                self.reports.prices.append((t_ns, report.price))

    def _width_ns(self, message: Message, t_ns: int) -> int:
        """How long before its stamp the value may have held."""
        protocol = self._dialogue.protocol
        if self._asked_ns is not None:
            return t_ns - self._asked_ns + 2 * self._held_ns
        line_ns = len(protocol.encode(message, Role.DEVICE)) * protocol.line.char_ns()
        return line_ns + self._dialogue.answer_ns + self._held_ns

    def _said(self) -> tuple[list[Poll], list[Total], list[tuple[int, SaleState]], list[tuple[int, int]]]:
        return self.reports.polls, self.reports.totals, self.reports.states, self.reports.prices

    def _sizes(self) -> list[int]:
        polls, totals, states, prices = self._said()
        return [len(polls), len(totals), len(states), len(prices)]

    def _withdraw(self) -> None:
        """What the last message told is not used."""
        polls, totals, states, prices = self._said()
        of_polls, of_totals, of_states, of_prices = self._before
        del polls[of_polls:], totals[of_totals:], states[of_states:], prices[of_prices:]


def joined(heard: Sequence[Reports], gaps_ns: Sequence[int]) -> Reports:
    """What was said in one span after the other; at the end of each gap frames were not heard."""
    if len(heard) == 1:
        return heard[0]
    whole = Reports(asked_for=any(reports.asked_for for reports in heard))
    for begin_ns, reports in zip([None, *gaps_ns], heard, strict=True):
        whole.polls.extend(reports.polls)
        whole.totals.extend(reports.totals)
        whole.states.extend(reports.states)
        whole.prices.extend(reports.prices)
        whole.lost_ns.extend([*([] if begin_ns is None else [begin_ns]), *reports.lost_ns])
        whole.quiet_ns.extend(reports.quiet_ns)
    return whole


def scaled(digits: int, step: Decimal) -> Decimal:
    """The displayed number of `digits` with the profile's resolution `step`."""
    return (digits * step).quantize(step)
