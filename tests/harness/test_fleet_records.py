"""Trip files as they come: every record is a trip or is counted by its reason; a file that is useless as a whole says why."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.generators_fleet import HEADER, MAPPING, Fleet, make, write
from harness.fleet import records
from harness.fleet.cells import MICRO, Reason, figure
from harness.fleet.errors import FleetError
from harness.fleet.mapping import Mapped, load, parse
from harness.fleet.records import ORDINARY, OTHER, Reading, Trips, reading, trips
from harness.fleet.roster import Roster
from harness.fleet.seen import Seen, keys

GOOD = "V1,D1,1,2012-01-01 10:00:00,2012-01-01 10:10:00,2.50,9.50,city,city"


def read(path: Path, mapping: str = MAPPING) -> tuple[list[Trips], Reading]:
    mapped = parse(mapping, "m.toml")
    state = reading(mapped)
    return list(trips(path, mapped, state)), state


def file(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "trips.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


def test_a_trip_is_taken_exactly(tmp_path: Path) -> None:
    (block,), state = read(file(tmp_path, GOOD))
    assert (state.rows, state.taken, sum(state.refused.values())) == (1, 1, 0)
    assert (int(block.distance[0]), int(block.fare[0]), int(block.duration_s[0])) == (2_500_000, 9_500_000, 600)
    assert (int(block.rate[0]), int(block.inside[0]), int(block.waiting_s[0])) == (ORDINARY, 1, -1)
    assert [roster.ids for roster in state.rosters.values()] == [["V1"], ["D1"]]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("V1,D1,1,2012-01-01 10:00:00,2012-01-01 10:10:00,2.50,9.50,city", Reason.FIELDS),
        (GOOD + ",more", Reason.FIELDS),
        ("", Reason.BLANK),
        (GOOD.replace("9.50", "=9.5+1"), Reason.FORMULA),
        (GOOD.replace("9.50", "-2+3"), Reason.FORMULA),
        (GOOD.replace("V1", "@SUM(A1)"), Reason.FORMULA),
        (GOOD.replace("2012-01-01 10:00:00", "=NOW()"), Reason.FORMULA),
        (GOOD.replace("2.50", " "), Reason.EMPTY),
        (GOOD.replace("V1", ""), Reason.EMPTY),
        (GOOD.replace("2.50", "2,50").replace("2,50", '"2,50"'), Reason.NO_FIGURE),
        (GOOD.replace("2.50", "two"), Reason.NO_FIGURE),
        (GOOD.replace("2.50", "２.50"), Reason.NO_FIGURE),
        (GOOD.replace("2.50", "NaN"), Reason.NOT_FINITE),
        (GOOD.replace("9.50", "-inf"), Reason.NOT_FINITE),
        (GOOD.replace("2.50", "-2.50"), Reason.NEGATIVE),
        (GOOD.replace("2.50", "1e9"), Reason.TOO_LARGE),
        (GOOD.replace("V1", "x" * 65), Reason.IDENTITY),
        (GOOD.replace("V1", "a\x1b[2J"), Reason.IDENTITY),
        (GOOD.replace("2012-01-01 10:00:00", "01/01/2012 10:00"), Reason.TIME),
        (GOOD.replace("2012-01-01 10:00:00", "2012-02-30 10:00:00"), Reason.TIME),
        (GOOD.replace("10:10:00", "09:59:59"), Reason.REVERSED),
        (GOOD.replace("2012-01-01 10:10:00", "2012-01-03 10:10:00"), Reason.TOO_LONG),
        (GOOD, Reason.DUPLICATE),
    ],
)
def test_what_is_no_trip_is_counted_and_named(tmp_path: Path, row: str, reason: Reason) -> None:
    blocks, state = read(file(tmp_path, GOOD, row, GOOD.replace("V1", "V2")))
    assert state.refused[reason] == 1
    assert state.examples[reason] == [3]  # the header is record 1
    assert state.taken == 2 == sum(block.fare.size for block in blocks)
    assert state.rows == state.taken + sum(state.refused.values())


def test_unknown_codes_and_zones_leave_a_trip_in(tmp_path: Path) -> None:
    (block,), state = read(
        file(tmp_path, GOOD.replace("D1,1", "D1,5"), GOOD.replace("city,city", "city,").replace("V1", "V2"))
    )
    assert block.rate.tolist() == [OTHER, ORDINARY]
    assert block.inside.tolist() == [1, -1]
    assert state.other_codes == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "got an empty file"),
        (b"a,b\n1,2\n", "expected a column 'medallion' .vehicle., got none; the columns are 'a', 'b'"),
        (HEADER.encode() + b",hack\n", "expected a column 'hack' .driver., got 2 of them"),
        (HEADER.encode() + b"\nV\xb2\xe2,D1\n", "expected utf-8 text, got byte 0xb2 at offset"),
        (HEADER.encode("utf-16"), "got a zero byte at offset|expected utf-8 text"),
        (HEADER.encode() + b'\n"V1,D1\n' + b"x,y\n" * 10, "a broken record 1[12] lines after record 0"),
        (HEADER.encode() + b'\n"V"1,D1\n', "broken record"),
    ],
)
def test_a_useless_file_says_why(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "trips.csv"
    path.write_bytes(content)
    with pytest.raises(FleetError, match=told):
        read(path)


def test_an_open_quotation_mark_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "BLOCK", 1 << 12)
    monkeypatch.setattr(records, "LONGEST_RECORD", 1 << 13)
    with pytest.raises(FleetError, match="a quotation mark that is never closed"):
        read(file(tmp_path, GOOD, '"V2,' + GOOD, *[GOOD] * 2000))


def test_too_many_records_and_ids_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, *[GOOD.replace("V1", f"V{n}") for n in range(20)])
    monkeypatch.setattr("harness.fleet.roster.MOST", 10)
    with pytest.raises(FleetError, match="at most 10 different ids of a vehicle"):
        read(path)
    monkeypatch.setattr(records, "MOST_ROWS", 10)
    with pytest.raises(FleetError, match="expected at most 10 records"):
        read(path)


def test_the_size_of_a_block_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trips.csv"
    write(make(Fleet(vehicles=3, days=3), 1), path)
    odd = 'V9,"a ""b"",\n c",1,2012-01-01 10:00:00,2012-01-01 10:10:00,2.50,9.50,city,city\n'
    path.write_text(path.read_text("utf-8") + odd * 40, "utf-8")
    whole, told = read(path)
    monkeypatch.setattr(records, "BLOCK", 700)
    cut, again = read(path)
    assert len(cut) > 3 * len(whole)
    assert (told.rows, told.taken, told.refused, told.sha256) == (again.rows, again.taken, again.refused, again.sha256)
    assert told.refused[Reason.IDENTITY] == 40  # a line feed in an id
    for column in ("fare", "distance", "start_s"):
        first, second = (np.concatenate([getattr(block, column) for block in blocks]) for blocks in (whole, cut))
        assert np.array_equal(first, second)


def test_a_chinese_export_with_its_own_signs(tmp_path: Path) -> None:
    mapping = """name = "北京"
[file]
date = "%Y/%m/%d %H:%M"
encoding = "gb18030"
separator = "semicolon"
decimal = "comma"
grouping = "point"
[columns]
vehicle = "车号"
start = "上车"
end = "下车"
distance = "公里"
fare = "金额"
waiting = "等候"
[units]
distance = "km"
distance_resolution = 0.1
time_resolution_s = 60
waiting = "min"
"""
    row = "京B1;2013/6/10 08:05;2013/6/10 09:01;18,6;1.058,30;12"
    (block,), state = read(
        file(tmp_path, row, row.replace("12", ""), header="车号;上车;下车;公里;金额;等候", encoding="gb18030"), mapping
    )
    assert state.taken == 1  # the second differs in nothing that makes a trip: waiting is no part of its key
    assert state.refused[Reason.DUPLICATE] == 1
    assert (int(block.fare[0]), int(block.distance[0]), int(block.waiting_s[0])) == (1_058_300_000, 18_600_000, 720)
    assert int(block.duration_s[0]) == 56 * 60


def test_a_polygon_tells_inside(tmp_path: Path) -> None:
    mapping = MAPPING.replace('zones = ["city"]', "polygon = [[40, -74], [41, -74], [41, -73], [40, -73]]").replace(
        'start_zone = "from"\nend_zone = "to"',
        'start_lat = "from"\nend_lat = "to"\nstart_lon = "x"\nend_lon = "y"',
    )
    rows = [GOOD.replace("city,city", cells).replace("V1", f"V{n}") for n, cells in enumerate(POINTS)]
    (block,), _ = read(file(tmp_path, *rows, header=HEADER + ",x,y"), mapping)
    assert block.inside.tolist() == [1, 0, -1, -1]


POINTS = ("40.5,40.6,-73.5,-73.4", "40.5,41.6,-73.5,-73.4", "0,40.6,0,-73.4", ",40.6,,-73.4")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"), "m.toml, line 3: file: date expected an hour"),
        (("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%Z"), "line 3: file: date expected %Y, %m"),
        (('distance = "mi"', 'distance = "li"'), "line 15: units: distance expected one of m, km, mi, got 'li'"),
        (("= 0.01", "= 0"), "distance_resolution expected a number above 0"),
        (('fare = "fare"', ""), "columns: expected the key 'fare'"),
        (('fare = "fare"', 'fare = "miles"'), "expected a column of its own"),
        (('fare = "fare"', 'fare = "fare"\ntip = "x"'), "unknown key 'tip'"),
        (('doubled = ["4"]', 'doubled = ["1"]'), "doubled expected codes that are not ordinary"),
        (('rate_code = "code"\n', ""), "columns.rate_code and rates.ordinary together"),
        (('end_zone = "to"\n', ""), "end_zone expected with what"),
        (('vehicle = "medallion"\ndriver = "hack"\n', ""), "expected vehicle or driver"),
        (('date =', 'encoding = "utf-16"\ndate ='), "encoding expected utf-8, gb18030"),
        (('date =', 'encoding = "rot13"\ndate ='), "encoding expected utf-8, gb18030"),
        (('date =', 'grouping = "point"\ndate ='), "grouping expected another sign than decimal"),
        (("[city]", "[town]"), "unknown key 'town'"),
        (("[city]", "[city"), "expected TOML"),
        (('zones = ["city"]', "polygon = [[1, 2], [3, 4]]"), "polygon expected 3 to"),
        (('zones = ["city"]', "polygon = [[1, 2], [3, 400], [5, 6]]"), "polygon expected 3 to"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_names_line_and_key(change: tuple[str, str], told: str) -> None:
    assert change[0] in MAPPING
    with pytest.raises(FleetError, match=told):
        parse(MAPPING.replace(*change), "m.toml")


def test_a_mapping_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(b"name = \xff")
    with pytest.raises(FleetError, match="expected UTF-8 text, got byte 0xff at offset 7"):
        load(path)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_mapping_is_one_or_an_error_that_names_the_file(data: st.DataObject) -> None:
    lines = MAPPING.split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    value = data.draw(
        st.one_of(st.text(max_size=8), st.sampled_from(["-1", "nan", "[]", "1e999", '""', "true", "{}", '"\\u0000"']))
    )
    lines[at] = lines[at].split("=")[0] + "= " + value if "=" in lines[at] else value
    told = ""
    try:
        assert parse("\n".join(lines), "m.toml").columns
    except FleetError as error:
        told = str(error)
    assert not told or told.startswith("m.toml")


MAPPED: Mapped = parse(MAPPING, "m")


@given(st.decimals(0, 1_000_000, places=6))
@settings(max_examples=60, deadline=None)
def test_a_figure_is_exact(value: Decimal) -> None:
    assert figure(f" {value:f} ", MAPPED) == (int(value * MICRO), Reason.TAKEN)
    assert figure(f"-{value:f}", MAPPED)[1] is (Reason.NEGATIVE if value else Reason.TAKEN)


@given(st.text(max_size=12))
@settings(max_examples=120, deadline=None)
def test_any_cell_is_a_figure_or_named(text: str) -> None:
    value, reason = figure(text, MAPPED)
    assert 0 <= value <= 1_000_000 * MICRO
    assert reason is Reason.TAKEN or value == 0


def test_a_figure_that_went_through_floats_is_the_number_it_was() -> None:
    assert figure("0.30000000000000004", MAPPED) == (300_000, Reason.TAKEN)


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_end_in_counts_or_in_an_error(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "trips.csv"
    path.write_bytes(HEADER.encode() + b"\n" + noise)
    try:
        _, state = read(path)
    except FleetError:
        return
    assert state.rows == state.taken + sum(state.refused.values())


def test_duplicates_are_found_across_blocks_and_runs() -> None:
    rng, seen = np.random.default_rng(1), Seen()
    values = rng.integers(0, 3000, 20_000)
    flagged = np.concatenate([seen.again(keys([part, part + 1])) for part in np.array_split(values, 37)])
    first = np.zeros(values.size, dtype=bool)
    first[np.unique(values, return_index=True)[1]] = True
    assert np.array_equal(flagged, ~first)


def test_ids_keep_their_order_and_reasons() -> None:
    roster = Roster("vehicle")
    codes, wrong = roster.codes(["b", "a", " b ", "", "=1"])
    assert codes.tolist() == [0, 1, 0, -1, -1]
    assert [Reason(one) for one in wrong[3:]] == [Reason.EMPTY, Reason.FORMULA]
    assert roster.ids == ["b", "a"]


def test_the_generator_writes_what_the_mapping_says(tmp_path: Path) -> None:
    made = make(Fleet(vehicles=2, days=2), 3)
    path = tmp_path / "trips.csv"
    count = write(made, path)
    blocks, state = read(path)
    assert state.taken == count == made.fare.size
    assert np.array_equal(np.concatenate([b.fare for b in blocks]), made.fare * 10_000)
    assert len(list(csv.reader(io.StringIO(path.read_text("utf-8"))))) == count + 1
