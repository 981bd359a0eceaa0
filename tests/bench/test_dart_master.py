"""The master of a dispenser's data port, moment by moment; its sales over the wire are in tests/harness."""

from __future__ import annotations

from collections.abc import Callable

from fixtures.instruments.dart_master import DartMaster
from fixtures.link import Arrival
from protocols.contract import Role
from protocols.wire.dart import PROTOCOL, Control, ControlKind

EOT = PROTOCOL.encode(Control(0x50, ControlKind.EOT, 0), Role.DEVICE)


class Port:
    """A bench whose time stands still."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def now_ns(self) -> int:
        return 0

    def send(self, link: str, data: bytes) -> None:
        self.sent.append(data)

    def allowance_ns(self, duration_ns: int) -> int:
        return duration_ns

    def until(self, done: Callable[[], bool], timeout_ns: int, expected: str, link: str) -> None:
        raise NotImplementedError

    def withhold(self, link: str, on: bool) -> bool:
        return True


def test_a_last_answer_before_the_dark_is_no_reason_to_poll_in_the_dark() -> None:
    port = Port()
    master = DartMaster(port, {"line": "dart"}, {}, {})
    master.tick(0)
    assert len(port.sent) == 1
    master.hold()
    master.receive(Arrival(1_000_000, "dart", EOT))
    assert master.due_ns() is None
