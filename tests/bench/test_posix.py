"""Real pseudo-terminals: what the kernel does decides, nothing is replaced by a stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

import serial

from fixtures import posix


@pytest.fixture
def pair() -> Iterator[posix.PtyPair]:
    pair = posix.open_pty_pair()
    yield pair
    pair.close()


def opened(path: str, baud: int, mode: str, **options: bool) -> posix.PosixSerial:
    return posix.PosixSerial(path, baud, int(mode[0]), mode[1], int(mode[2]), timeout=0.05, **options)


def test_a_pty_is_told_from_other_files(pair: posix.PtyPair, tmp_path: Path) -> None:
    assert posix.is_pty(pair.path)
    assert posix.is_pty(pair.slave)
    assert not posix.is_pty("/dev/null")
    assert not posix.is_pty(str(tmp_path))
    assert not posix.is_pty(str(tmp_path / "missing"))


@pytest.mark.parametrize("mode", ["8N1", "7E1", "8O1", "8N2", "7O2"])
@pytest.mark.parametrize("baud", [9600, 5787])
def test_every_mode_opens_again_and_the_other_end_sees_the_speed(pair: posix.PtyPair, mode: str, baud: int) -> None:
    for _ in range(3):
        with opened(pair.path, baud, mode) as port:
            state = posix.line_state(pair.master)
            assert state.baud == baud
            assert state.stop_bits == int(mode[2])
            assert state == posix.line_state(port.fileno())
            port.parity = "N"
            port.timeout = 0.01


def test_the_speed_of_a_line_is_set_from_either_end(pair: posix.PtyPair) -> None:
    posix.set_baud(pair.master, 5787)
    assert posix.line_state(pair.slave).baud == 5787
    posix.set_baud(pair.slave, 19200)
    assert posix.line_state(pair.master).baud == 19200
    assert termios.tcgetattr(pair.slave)[5] == termios.B19200


def test_mode_names() -> None:
    assert posix.LineState(9600, 7, "E", 2).mode == "7E2"


def test_the_exclusive_flag_is_taken_and_given_back(pair: posix.PtyPair) -> None:
    assert not posix.is_exclusive(pair.slave)
    posix.take_exclusive(pair.slave)
    assert posix.is_exclusive(pair.slave)
    posix.release_exclusive(pair.slave)
    assert not posix.is_exclusive(pair.slave)


def test_a_client_that_leaves_is_noticed_when_the_slave_is_not_kept_open() -> None:
    pair = posix.open_pty_pair()
    client = os.open(pair.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    os.close(pair.slave)
    assert not posix.hung_up(pair.master)
    os.close(client)
    assert posix.hung_up(pair.master)
    os.write(pair.master, b"stale")
    posix.make_fresh(pair.path)
    assert posix.hung_up(pair.master)
    client = os.open(pair.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    assert not posix.hung_up(pair.master)
    with pytest.raises(BlockingIOError):
        os.read(client, 10)
    os.close(client)
    os.close(pair.master)


def test_plain_pyserial_opens_a_fresh_line_in_7e1_again_and_again() -> None:
    """It takes EINVAL for its own fault where it changes nothing but parity and size, which a pseudo-terminal does not keep."""
    pair = posix.open_pty_pair()
    os.close(pair.slave)
    for _ in range(3):
        posix.make_fresh(pair.path)
        serial.Serial(pair.path, 9600, bytesize=7, parity="E").close()
    os.close(pair.master)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
def test_another_process_that_holds_the_port_is_named(pair: posix.PtyPair) -> None:
    assert posix.other_holders(pair.path) == []
    assert posix.other_holders("/dev/no-such-port") == []
    with open(pair.path, "rb", buffering=0) as held:
        other = subprocess.Popen(["sleep", "60"], stdin=held)
    try:
        names = {posix.other_holders(pair.path)[0][0]}
        assert names == {other.pid}
    finally:
        other.kill()
        other.wait()


def test_the_errors_of_a_lost_peer_are_all_known(pair: posix.PtyPair) -> None:
    assert issubclass(serial.SerialException, posix.LOST_ERRORS)
    assert issubclass(termios.error, posix.LOST_ERRORS)
    assert issubclass(TypeError, posix.LOST_ERRORS)
