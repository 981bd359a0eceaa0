"""A dispenser in a bare world, worked by hand, for the tests of what is built into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from fixtures.sim.cheats import parse_cheat
from fixtures.sim.dispenser import MOTOR_NS, Dispenser
from fixtures.sim.scenario import Scenario
from fixtures.sim.world import World
from protocols.wire.dart import CommandCode

SECOND = 1_000_000_000


def site(cheat: str | None, size: float | None = None, **changes: object) -> Scenario:
    scenario = Scenario(seed=7, cheat=None if cheat is None else parse_cheat(cheat, size))
    return replace(scenario, **changes)  # type: ignore[arg-type]


class Stand:
    """A dispenser in a bare world: sales by hand, without wires."""

    def __init__(self, scenario: Scenario) -> None:
        self.world = World()
        self.dispenser = Dispenser(self.world, scenario)
        self.dispenser.board.price(752)

    def run(self, seconds: float) -> None:
        self.world.advance(self.world.now_ns + int(seconds * SECOND))

    def lift(self, litres: str | None = None) -> None:
        board = self.dispenser.board
        board.command(CommandCode.RESET)
        board.command(CommandCode.AUTHORISE)
        if litres is not None:
            self.dispenser.type_preset("volume", int(Decimal(litres) * 100))
        self.dispenser.lift()
        self.run(MOTOR_NS / SECOND + 0.01)

    def sale(self, litres: str, at: dict[str, Callable[[], None]] | None = None) -> None:
        self.lift(litres)
        for volume, act in (at or {}).items():
            self.dispenser.when_shown(Decimal(volume), act)
        self.dispenser.open_nozzle()
        for _ in range(400):
            self.run(0.5)
            if not self.dispenser.delivery.flowing:
                break
        self.dispenser.hang()
        self.run(1)

    def shut(self, seconds: float) -> None:
        self.lift()
        self.run(seconds)
        self.dispenser.hang()
        self.run(1)

    def power(self, off_s: float = 5) -> None:
        self.dispenser.power(False)
        self.run(off_s)
        self.dispenser.power(True)
        self.run(4)
        self.dispenser.board.price(752)

    @property
    def added(self) -> list[int]:
        """Register steps of each sale beyond what the encoder counted."""
        return [sale.register_steps - sale.encoder_edges * 100 // 400 for sale in self.dispenser.sales]
