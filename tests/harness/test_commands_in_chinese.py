"""What the commands print in Chinese: no English sentence is left where an operator reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures.language import speaking, tell
from harness import demonstration
from harness.commands.capture_track import NOT_USED
from harness.editions import edition, names
from harness.exits import Exit
from harness.expected import Expected
from harness.learning.recording import Chunk, Line
from harness.learning.told import fit_lines
from harness.learning.verdict import Verdict
from protocols.contract import Role
from protocols.wire.nmea import PROTOCOL, Rmc
from tests.commands import parsed, shortmeasure

ENGLISH = re.compile(r"\b[a-z]{3,} [a-z]{2,} [a-z]{2,}\b")  # three words in a row
EDGES = "# tick_s 1/1000000\n# window 0 9000000\ntick,channel,level\n100,up,1\n200,up,0\n"


def chinese(capfd: pytest.CaptureFixture[str], *arguments: object, code: Exit = Exit.OK) -> str:
    """What one command prints."""
    found, out, err = shortmeasure(capfd, "--lang", "zh", *arguments)
    assert found == code, err
    return out + err


def test_a_bench_is_described(capfd: pytest.CaptureFixture[str]) -> None:
    out = chinese(capfd, "bench", "check", "dispenser-k3")
    assert "master：驱动程序 dart-master，区域 实验室，sim:dart" in out
    assert "analyser：最大流量时每秒 1000 个边沿，最多可承受 20000 个（每次变化至多 3 字节" in out
    assert "测点：标准器、编码器、主板输入、主板寄存值、显示值、金额、累计计数器" in out
    said = parsed(shortmeasure(capfd, "--lang", "zh", "bench", "check", "dispenser-k3", "--json")[1])
    assert said["instruments"][0] == "operator: operator, zone lab, sim:operator"


def test_catalogues_and_plugins_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert not ENGLISH.search(chinese(capfd, "cheats"))
    plugins = chinese(capfd, "plugins")
    assert not ENGLISH.search(plugins)
    assert re.search(r"通信协议 +azt +正常 +仅有第三方代码，未核实", plugins)
    editions = chinese(capfd, "acceptance", "list")
    assert re.search(r"jjg443-2023 +加油机 .* JJG 443-2023《燃油加油机（试行）》检定规程", editions)


def test_recordings_are_described(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "taps.csv").write_text(EDGES, "utf-8")
    info = chinese(capfd, "capture", "info", tmp_path / "taps.csv")
    assert re.search(r"taps.csv：csv，每秒 1000000 个采样\n +up +1 个上升沿 +1 个下降沿  9.000001 s", info)
    fix = Rmc("GN", "080000.00", "A", "0000.00000", "N", "01000.00000", "E", "19.4", "90.0", "010226", mode="A")
    (tmp_path / "ride.nmea").write_bytes(PROTOCOL.encode(fix, Role.DEVICE) * 2)
    track = chinese(capfd, "capture", "track", tmp_path / "ride.nmea", code=Exit.INCONCLUSIVE)
    assert "未采用 1 条：重复的定位点" in track
    assert not ENGLISH.search(track.replace(str(tmp_path), ""))
    with speaking("zh"):
        assert all(tell(reason) != reason for reason in NOT_USED)


def test_cases_are_made_and_copied(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert re.search("案件 c1，建立于 2", chinese(capfd, "case", "new", tmp_path / "c1"))


def test_a_demonstration_says_whether_its_verdict_is_the_expected_one() -> None:
    document = {"status": "complete", "integrity": "proven", "conformity": "fail", "findings": []}
    row = Expected("fuel.C09", "K3", "suspect", ("fail",), "", "seen once")
    with speaking("zh"):
        assert tell(demonstration._compare(document, "fuel.C09", row)[1]) == "作弊功能检查应为可疑，实为检出"
        assert (
            tell(demonstration._compare({**document, "integrity": "suspect"}, "fuel.C09", row)[1])
            == "作弊功能检查：可疑，示值误差：不合格"
        )
    with speaking("en"):
        met, why = demonstration._compare({**document, "integrity": "suspect"}, "fuel.C09", row)
        assert (met, tell(why)) == (True, "integrity suspect, conformity fail (seen once)")


def test_an_edition_is_shown_with_what_its_limits_are(capfd: pytest.CaptureFixture[str]) -> None:
    out = chinese(capfd, "acceptance", "show", "jjg443-2023")
    assert out.startswith(
        "jjg443-2023  JJG 443-2023《燃油加油机（试行）》检定规程\n国家计量检定规程 JJG 443-2023（试行）"
    )
    assert (
        "    重复性 En =（Emax − Emin）/ dn；同一流量 3 次，dn = 1.69；上限\n    [P，未核实] 所查阅的文本未载明；"
        in out
    )
    assert "ambient-temperature  环境温度：" in out
    assert "error-q1  最大流量下的示值误差与重复性" in out


def test_everything_the_built_in_editions_say_of_a_limit_is_known() -> None:
    with speaking("zh"):
        for own in map(edition, names()):
            told = [
                own.title,
                own.legal_basis,
                *(one.quantity for one in (*own.limits, *own.conditions, *own.equipment)),
            ]
            assert [text for text in (*told, *(limit.applies for limit in own.limits)) if tell(text) == text] == []


def test_an_unknown_line_is_told(tmp_path: Path) -> None:
    stream = Line("tap", (Chunk(0, b"abc"),), True, 9600.0, "8N1", exact=True)
    with speaking("zh"):
        assert fit_lines(Verdict((), {}), [stream]) == ["协议：未知", "tap：3 字节，9600 8N1"]
    with speaking("en"):
        assert fit_lines(Verdict((), {}), [stream]) == ["protocol: unknown", "tap: 3 bytes, 9600 8N1"]
