"""The latency timer that sysfs declares; a folder of the test's own stands for sysfs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.latency_timer import latency_timer_file, latency_timer_ms


def declared(sysfs: Path, text: str) -> None:
    folder = sysfs / "ttyUSB3"
    folder.mkdir(parents=True)
    (folder / "latency_timer").write_text(text, "ascii")


def test_it_is_read_also_through_a_link_that_names_the_adapter(tmp_path: Path) -> None:
    declared(tmp_path / "sys", "16\n")
    (tmp_path / "ttyUSB3").touch()
    by_id = tmp_path / "usb-FTDI_A5069RR4"
    by_id.symlink_to(tmp_path / "ttyUSB3")
    assert latency_timer_ms("/dev/ttyUSB3", tmp_path / "sys") == 16
    assert latency_timer_ms(str(by_id), tmp_path / "sys") == 16
    assert latency_timer_file(str(by_id), tmp_path / "sys") == tmp_path / "sys" / "ttyUSB3" / "latency_timer"


@pytest.mark.parametrize("text", ["", "-1", "１６", "1e3", "256", "99999999999999999999"])
def test_what_is_no_number_of_ms_tells_nothing(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "ttyUSB3"
    folder.mkdir()
    (folder / "latency_timer").write_text(text, "utf-8")
    assert latency_timer_ms("/dev/ttyUSB3", tmp_path) is None


def test_a_port_without_one(tmp_path: Path) -> None:
    assert latency_timer_ms("/dev/ttyS0", tmp_path) is None
    assert latency_timer_file("/dev/ttyS0", tmp_path) is None
