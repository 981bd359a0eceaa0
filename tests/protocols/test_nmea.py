"""NMEA 0183 beyond the contract (protocols.md 6.6): bad input is named, and recorded logs give their counts."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.checks import xor8
from protocols.contract import Garbage, ProtocolError, Role, joined
from protocols.wire.nmea import GNSS_TALKERS, PROTOCOL, Gga, Other, Rmc, Vtg, Zda, address_of

RMC = "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W"
DATA = Path(__file__).parents[3] / "shared" / "data"
TRUTH = DATA / "truth.json"


def line(body, end="\r\n"):
    return f"${body}*{xor8(body.encode()):02X}{end}".encode()


def read(wire):
    decoder = PROTOCOL.decoder(Role.DEVICE)
    return joined(decoder.feed(wire) + decoder.close())


def changed(field, text):
    fields = RMC.split(",")
    fields[field] = text
    return line(",".join(fields))


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (f"${RMC}\r\n".encode(), "no checksum"),
        (f"${RMC}*\r\n".encode(), "no address, fields and checksum"),
        (f"${RMC}*6\r\n".encode(), "no address, fields and checksum"),
        (f"${RMC}*6B\r\n".encode(), "checksum 6Bh, expected 6Ah"),
        (line(RMC)[:-2], "incomplete at the end"),
        (line(RMC)[:-2] + b"\r\r\n", "no address, fields and checksum"),
        (line("GPRMC,123519,A,4807.0"), "RMC: 3 fields, expected 11 to 13"),
        (line(RMC + ",A,V,9"), "RMC: 14 fields, expected 11 to 13"),
        (changed(1, "256070"), "utc expected hhmmss.sss"),
        (changed(1, "123460"), "utc expected"),
        (changed(2, ""), "status expected one of AV"),
        (changed(2, "X"), "status expected one of AV"),
        (changed(3, "9907.038"), "latitude expected ddmm.mmmm up to 90"),
        (changed(3, "9000.001"), "latitude expected"),
        (changed(3, "4875.038"), "latitude expected"),
        (changed(3, ""), "ns without latitude"),
        (changed(4, ""), "latitude without ns"),
        (changed(5, "18100.000"), "longitude expected"),
        (changed(7, "nan"), "knots expected a number without sign, got 'nan'"),
        (changed(7, "-1.0"), "knots expected"),
        (changed(7, "1e3"), "knots expected"),
        (changed(7, "22,4"), "RMC: "),
        (changed(8, "361"), "course expected 0 to 360"),
        (changed(9, "310494"), "date expected ddmmyy"),
        (changed(9, "320394"), "date expected ddmmyy"),
        (changed(9, "310294"), "date expected"),
        (changed(9, "230094"), "date expected"),
        (line("GPGGA,123519,4807.038,N,01131.000,E,,08,0.9,545.4,M,46.9,M,,"), "GGA: quality expected one digit"),
        (line("GPVTG,054.7,T,034.4,M"), "VTG: 4 fields, expected 8 to 9"),
        (line("GPVTG,054.7,M,034.4,T,005.5,N,010.2,K"), "course_reference expected one of T"),
        (line("GPRMC,\x07" + RMC[6:]), "control characters"),
        (line(RMC.lower()), "no address"),
        (b"# a remark of a log\n", "bytes outside a sentence"),
        (b"\r\n", "bytes outside a sentence"),
        (line(RMC).replace(b"4807", b"\xb4807"), "byte B4h is no 7-bit character"),
        (b"$" + b"G" * 300 + b"\r\n", "no end of a sentence within 160 bytes"),
        (b"x" * 300, "no end of a sentence within 160 bytes"),
    ],
)
def test_garbage_says_why_and_is_kept(wire, why):
    (message,) = read(wire)
    assert isinstance(message, Garbage)
    assert why in message.why
    assert message.raw == wire


def test_a_cut_sentence_costs_only_itself():
    cut = b"$GPRMC,1235"
    assert read(b"3,A*2F" + cut + line(RMC)) == [
        Garbage(b"3,A*2F" + cut, "bytes outside a sentence: expected $ first"),
        read(line(RMC))[0],
    ]
    assert read(cut + line(RMC))[0] == Garbage(cut, "sentence cut short: another begins before its end")


def test_a_pause_breaks_a_sentence_off_and_reading_goes_on():
    decoder = PROTOCOL.decoder(Role.DEVICE)
    assert decoder.feed(b"$GPRMC,12") == []
    assert decoder.silence(5.0) == []
    assert decoder.silence(60.0) == [Garbage(b"$GPRMC,12", "sentence broken off by silence")]
    assert isinstance(decoder.feed(line(RMC))[0], Rmc)


@pytest.mark.parametrize("spelling", [line(RMC, "\n"), line(RMC).replace(b"*6A", b"*6a")])
def test_other_spellings_of_one_sentence(spelling):
    assert read(spelling) == read(line(RMC))


@pytest.mark.parametrize("talker", sorted(GNSS_TALKERS))
def test_every_talker(talker):
    (message,) = read(line(talker + RMC[2:]))
    assert (message.talker, message.knots, message.speed_kn) == (talker, "022.4", Decimal("22.4"))
    assert message.position == pytest.approx((48 + 7.038 / 60, 11 + 31 / 60))
    assert (message.time_ns, message.day) == (45_319_000_000_000, (1994, 3, 23))


def test_signs_fractions_and_what_is_not_said():
    (south,) = read(line("GPRMC,000000.000000001,A,3351.0,S,15112.0,W,,,010180,,"))
    assert south.position == pytest.approx((-33.85, -151.2))
    assert (south.time_ns, south.speed_kn, south.course_deg, south.day) == (1, None, None, (1980, 1, 1))
    (none,) = read(b"$GPRMC,,V,,,,,,,,,,N*53\r\n")
    assert (none.position, none.time_ns, none.day, none.mode) == (None, None, None, "N")
    (plain,) = read(line("GPZDA,201530.00,04,07,2002,00,00"))
    assert plain == Zda("GP", "201530.00", "04", "07", "2002", "00", "00")
    assert (plain.day, plain.time_ns) == ((2002, 7, 4), 72_930_000_000_000)


def test_sentences_of_makers_and_of_other_talkers_are_handed_on():
    assert read(line("PQRMC,1")) == [Other("PQRMC", ("1",))]
    assert read(line("IIMWV,57.5,R,13.0,N,A")) == [Other("IIMWV", ("57.5", "R", "13.0", "N", "A"))]
    assert isinstance(read(line("II" + RMC[2:]))[0], Rmc)


@given(
    st.integers(0, 86_399_999), st.decimals(0, 999, places=3), st.integers(0, 899_999), st.integers(0, 1_799_999),
    st.sampled_from("NS"), st.sampled_from("EW"),
)  # fmt: skip
def test_digits_survive(ms, knots, latitude, longitude, ns, ew):
    seconds, ms = divmod(ms, 1000)
    utc = f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}.{ms:03d}"
    place = (
        f"{latitude // 10000:02d}{latitude % 6000 / 100:07.4f}",
        f"{longitude // 10000:03d}{longitude % 6000 / 100:07.4f}",
    )
    rmc = Rmc("GN", utc, "A", place[0], ns, place[1], ew, f"{knots:f}", "", "010226", mode="A")
    assert read(PROTOCOL.encode(rmc, Role.DEVICE)) == [rmc]
    assert rmc.speed_kn == knots
    assert rmc.time_ns == (seconds * 1000 + ms) * 1_000_000


@pytest.mark.parametrize(
    "message",
    [
        Rmc("GP", "123519", "A", "4807.038", "N", "01131.000", "E", "22.4", "84.4", "230394", mode="A", navigation="X"),
        Rmc("GP", "123519", "A", "4807.038", "N", "01131.000", "E", "2２.4", "84.4", "230394"),
        Rmc("GPS", "123519", "A", "4807.038", "N", "01131.000", "E", "22.4", "84.4", "230394"),
        Rmc("GP", "123519", "A", "", "", "", "", "", "", "", navigation="V"),
        Other("GPGSV", ("a*b",)),
        Other("GPGSV", ("a,b",)),
        Other("GPRMC", ("1",)),
        Other("GPGSV", ("x" * 160,)),
        Vtg("GP", "", "", "", "", "", "", "", "", "N" * 2),
        Gga("GP", "", "", "", "", "", "", "", "", "", "", "", "", "", ""),
    ],
)
def test_what_cannot_be_said_is_refused(message):
    with pytest.raises(ProtocolError, match="NMEA"):
        PROTOCOL.encode(message, Role.DEVICE)


def test_the_bench_says_nothing():
    with pytest.raises(ProtocolError, match="receiver"):
        PROTOCOL.encode(Other("PUBX", ("40",)), Role.HOST)
    assert PROTOCOL.decoder(Role.HOST).feed(b"$") == [Garbage(b"$", "a GNSS receiver is only listened to")]


@pytest.mark.skipif(not TRUTH.exists(), reason="the recorded logs are not here")
@pytest.mark.parametrize("name", ["gnss/bundg_zeus_9.log", "gnss/quectel-eg25-g.log"])
def test_recorded_logs_give_their_counts(name):
    truth = json.loads(TRUTH.read_text("utf-8"))["files"][name]
    wire = b"".join(line for line in (DATA / name).read_bytes().splitlines(keepends=True) if line[:1] != b"#")
    messages = read(wire)
    counts = Counter(address_of(message) for message in messages)  # a Garbage has no address: none came
    assert counts == truth["by_type"]
    assert sum(counts.values()) == truth["sentences"] == truth["valid"]
    for kind, field in ((Rmc, "status"), (Gga, "quality")):
        told = Counter(getattr(message, field) for message in messages if isinstance(message, kind))
        known = truth["rmc_status" if kind is Rmc else "gga_quality"]
        assert {key: told[key] for key in known} == known
    # every line damaged in one byte is refused: the checksum is an exclusive or
    for number, good in enumerate(wire.splitlines(keepends=True)[:400]):
        place = 1 + number % (good.index(b"*") - 1)
        (bad,) = read(good[:place] + bytes((good[place] ^ 0x02,)) + good[place + 1 :])
        assert isinstance(bad, Garbage)
