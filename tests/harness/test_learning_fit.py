"""The right protocol for what each one says, "unknown" for what none does, and no harm from hostile bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.sniffing_streams import FOREIGN, Recording, benches, drawn, foreign, mixed, scales
from fixtures.plugins import specs
from harness.learning.fit import ALPHA, SHUFFLES, Stream, fits
from harness.learning.reading import read, read_mixed, shape, vocabulary
from harness.learning.verdict import UNKNOWN, judge
from protocols.contract import Role

KNOWN = specs("protocols")
SAID: list[Recording] = [*benches(), *scales()]
DRAWN: list[Recording] = drawn(1, 40)


def test_every_protocol_has_a_row() -> None:
    assert {protocol for _, protocol, _ in DRAWN} == set(KNOWN)
    assert {protocol for _, protocol, _ in SAID} == set(KNOWN) - {"picopet", "lcus", "gilbarco"}  # too little is said


@pytest.mark.parametrize("said", SAID, ids=lambda said: f"{said[1]}: {said[0]}")
def test_what_devices_and_drivers_say_is_named(said: Recording) -> None:
    _, protocol, streams = said
    assert judge(streams, KNOWN).text == protocol


@pytest.mark.parametrize("said", DRAWN, ids=lambda said: said[1])
def test_vectors_and_examples_are_named(said: Recording) -> None:
    _, protocol, streams = said
    found = judge(streams, KNOWN)
    assert found.text == protocol
    roles = {name: role for one in found.named for name, role in one.roles.items()}
    assert protocol == "elm327" or all(
        name in role for name, role in roles.items()
    )  # an adapter echoes what it is told


@pytest.mark.parametrize("protocol", ["lcus", "toledo-8217"])
def test_both_directions_on_one_tap(protocol: str) -> None:
    [streams] = [streams for _, name, streams in DRAWN if name == protocol]
    assert judge(mixed(streams), KNOWN).text == protocol


@pytest.mark.parametrize("said", foreign(1), ids=lambda said: said[1])
def test_what_nothing_here_speaks_is_unknown(said: Recording) -> None:
    assert judge(said[2], KNOWN).text == UNKNOWN


def test_the_table_of_foreign_bytes_holds_what_was_asked_for() -> None:
    assert {"DLMS over HDLC", "Dialog 06", "Sartorius SBI, 22 characters", "random bytes", "log file", "UBX"} <= set(
        FOREIGN
    )


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b"3.999672500\t chC\n", "picopet or ticc"),  # a mark of the one is a stamp of the other
        (b"=00100100", "yaohua-forward or yaohua-reversed"),  # the same read from both ends
    ],
)
def test_what_two_protocols_say_alike_is_both(wire: bytes, expected: str) -> None:
    assert judge([Stream("device", (wire,) * 30)], KNOWN).text == expected


def test_a_few_bytes_are_nothing() -> None:
    assert judge([Stream("device", (b"S S     100.00 g\r\n",) * 2)], KNOWN).text == UNKNOWN
    assert judge([], KNOWN).text == UNKNOWN
    assert judge([Stream("device", (b"",))], KNOWN).text == UNKNOWN


def test_shuffled_bytes_of_every_protocol_are_unknown() -> None:
    rng = np.random.default_rng(4)
    for _, protocol, streams in DRAWN:
        shuffled = [Stream(one.name, (bytes(rng.permutation(np.frombuffer(one.data, np.uint8))),)) for one in streams]
        assert judge(shuffled, KNOWN).text == UNKNOWN, protocol


def test_one_telling_byte_is_no_fit() -> None:
    """ELM327 reads any line, but not one with its prompt inside: few shuffles leave the only `>` where it does no harm."""
    lines = tuple(b"the pump said %d times nothing\r\n" % k for k in range(30))
    found = judge([Stream("device", (*lines, b">"))], KNOWN)
    assert found.text == UNKNOWN
    [fit] = [fit for fit in found.fits["device"] if (fit.protocol, fit.role) == ("elm327", "device")]
    assert fit.by_chance is not None
    assert fit.by_chance > 0.8


def test_figures_are_the_same_again_and_chance_has_its_least() -> None:
    [streams] = [streams for _, name, streams in DRAWN if name == "kern"]
    first, again = (fits(streams[0], KNOWN) for _ in range(2))
    assert first == again
    assert first[0].p == 1 / (SHUFFLES + 1) <= ALPHA


def test_numbers_and_blanks_do_not_make_two_wordings() -> None:
    assert shape(b"S S     100.00 g\r\n") == shape(b"S S       9.5 g\r\n") == b"S S 9.9 g\r\n"
    assert vocabulary(KNOWN["scpi"], Role.HOST).holds(b"", b"*RST\n")
    assert not vocabulary(KNOWN["scpi"], Role.HOST).holds(b"", b"the pump started\n")


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(KNOWN)), bursts=st.lists(st.binary(max_size=80), max_size=6))
@example(name="elm327", bursts=[b">\r>>\r\n", b"SEARCHING...41 0D 32\r"])
@example(name="ticc", bursts=[b"#\x00#"])
def test_hostile_bytes_give_shares_of_what_came(name: str, bursts: list[bytes]) -> None:
    size = sum(map(len, bursts))
    for found in (
        read(KNOWN[name], Role.HOST, bursts),
        read(KNOWN[name], Role.DEVICE, bursts),
        read_mixed(KNOWN[name], bursts),
    ):
        assert found.inside.size == found.telling.size == found.known.size == size
        assert not (found.telling & ~found.inside).any()
        assert not (found.known & ~found.telling).any()
        assert 0 <= found.messages <= max(size, 1)
        assert found.messages > 0 or not found.inside.any()


@settings(max_examples=5)
@given(bursts=st.lists(st.binary(min_size=10, max_size=60), min_size=1, max_size=4), one_tap=st.booleans())
def test_a_hostile_stream_gets_a_verdict(bursts: list[bytes], one_tap: bool) -> None:
    found = judge([Stream("tap", tuple(bursts), None, one_tap)], KNOWN)
    for fit in found.fits["tap"]:
        assert 0 <= fit.worded <= fit.telling <= fit.share <= 1
        assert fit.p is None or 0 < fit.p <= 1
