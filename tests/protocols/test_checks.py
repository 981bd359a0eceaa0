"""The checksum catalogue against its published check values."""

import pytest

from protocols.checks import CATALOGUE, CHECK_INPUT, crc16_arc, sum8


@pytest.mark.parametrize("checksum", CATALOGUE, ids=lambda checksum: checksum.name)
def test_check_value(checksum):
    assert checksum.compute(CHECK_INPUT) == checksum.check
    assert checksum.source


def test_nothing_sums_to_nothing():
    assert (crc16_arc(b""), sum8(b"")) == (0, 0)


def test_crc_followed_by_itself_is_zero():
    body = bytes(range(256))
    assert crc16_arc(body + crc16_arc(body).to_bytes(2, "little")) == 0
