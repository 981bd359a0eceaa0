"""Likelihood ratios: a number with two named propositions, never above what validation supports, on a scale that is data."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from benchmarks.detectors import DETECTORS
from benchmarks.generators import PROFILE, Tamper
from harness.catalogue import CatalogueError, load_catalogue, load_causes
from harness.exits import UsageError
from harness.judge.account import Kind
from harness.judge.contract import Link, Segment, Validation, Verdict
from harness.judge.explain import account, kind_of_test
from harness.judge.likelihood import ANY, likelihood, pair
from harness.judge.verdict import judge
from harness.propositions import Scale, default_scale, load_propositions, on_scale, parse_scale, read_scale
from harness.report.document import verdict_document
from harness.report.evidence import at_least, likelihood_lines
from harness.report.text import verdict_text
from protocols.acceptance import parse
from tests.harness.test_judge_account import explained, found, hit
from tests.harness.test_judge_verdict import K3, Edition, only, raid

SOME = {name: DETECTORS[name] for name in ("edge-balance", "quadrature", "constant-gain")}
FORBIDDEN = re.compile(
    r"guilt|fraud|cheat|intent|purpose|deceiv|dishonest|probab|作弊|欺诈|故意|蓄意|有罪|概率|可能性为|嫌疑",
    re.IGNORECASE,
)
BANDS = b"""name = "own"
source = "a laboratory's handbook"
edition = "3"
grade = "V"
verified = true
band = [{at_least = 1, en = "slight", zh = "\xe8\xbd\xbb\xe5\xbe\xae"}, {at_least = 50.0, en = "clear", zh = "\xe6\x98\x8e\xe6\x98\xbe"}]
"""


@pytest.fixture(scope="module")
def tampered() -> list[Segment]:
    return raid(K3, Tamper(insert_every=10))


def judged(segments: list[Segment], n_null: int = 10_000, false: int = 0, **profile: Any) -> Verdict:
    validations = {f"{name}/{spec.version}": Validation(n_null, false) for name, spec in SOME.items()}
    return judge(
        segments, {**PROFILE, "decoding": "x1", **profile}, Edition(), load_catalogue(), load_causes(), SOME, validations,
        instrument="N1", status="complete", propositions=load_propositions(),
    )  # fmt: skip


def document(found: Verdict, segments: list[Segment], scale: Scale | None = None) -> dict[str, Any]:
    edition = parse((files("protocols.acceptance") / "jjg443_2023.toml").read_text("utf-8"), "")
    return on_scale(verdict_document(found, edition, segments, why="", kit="K3"), scale or default_scale())


def test_no_more_is_claimed_than_the_validation_supports(tampered: list[Segment]) -> None:
    for n_null, false, cap in ((10_000, 0, 10_000 / 3), (30_000, 0, 10_000), (10_000, 10, 10_000 / 23)):
        finding = only(judged(tampered, n_null, false))
        own = finding.likelihood
        assert own is not None
        assert finding.evidence > own.at_least
        assert own.at_least == pytest.approx(cap)
        assert own.e > own.cap


def test_the_number_is_that_of_the_end_and_pays_for_the_other_tests(tampered: list[Segment]) -> None:
    clean = raid(K3)
    found = judged([*tampered[:3], *clean[3:]])
    finding = next(f for f in found.findings if f.detectors[0] == "edge-balance")
    course = next(e for e in found.evidence if e.detector == "edge-balance").course
    assert finding.final == pytest.approx(course[-1][1] / (finding.threshold * 0.5e-4))
    assert course[-1][1] < max(e for _, e in course)  # clean deliveries took something back
    assert finding.likelihood is not None
    assert finding.likelihood.e == finding.final


def test_without_validation_there_is_no_number(tampered: list[Segment]) -> None:
    own = explained([hit("split", f"C{i}", 0.04) for i in range(3)])
    assert likelihood(own.kind, own.honest, 1e9, 1.0, PROFILE, load_propositions()) is None
    assert likelihood(own.kind, own.honest, 1e9, 3000.0, PROFILE, ()) is None
    assert likelihood(own.kind, own.honest, 1e9, 3000.0, PROFILE, load_propositions()) is not None


def test_open_honest_causes_are_named_beside_the_number(tampered: list[Segment]) -> None:
    finding = only(judged(tampered, topology="adapter"))
    assert finding.likelihood is not None
    assert finding.likelihood.unweighed
    assert set(finding.likelihood.unweighed) == {e.cause for e in finding.explanations if not e.excluded_by}
    text = verdict_text(document(judged(tampered, topology="adapter"), tampered))
    assert "not weighed by this number:" in text


def test_every_kind_has_a_pair_for_any_declared_sensor() -> None:
    pairs = load_propositions()
    for kind in set(Kind) - {Kind.RETIMED}:
        assert pair(pairs, kind, ANY) is not None, kind
        assert pair(pairs, kind, "of another kind") is pair(pairs, kind, ANY)
    disc, smart = (pair(pairs, Kind.PERIODIC, declared) for declared in ("disc", "smart"))
    assert disc is not smart
    # that a timer gives pulses out is a question only where the papers say that they come from a disc
    assert pair(pairs, Kind.RETIMED, "disc") is not None
    assert pair(pairs, Kind.RETIMED, "smart") is None
    assert pair(pairs, Kind.RETIMED, ANY) is None


def test_propositions_speak_of_element_and_context_alone() -> None:
    for one in load_propositions():
        for text in (one.hp_en, one.hp_zh, one.hd_en, one.hd_zh):
            assert not FORBIDDEN.search(text), text
        assert re.search("[\u4e00-\u9fff]", one.hp_zh + one.hd_zh)
        assert one.hp_en != one.hd_en
        assert one.source
        assert one.grade in ("M", "V", "D", "U")
    for band in default_scale().bands:
        assert not FORBIDDEN.search(band.en + band.zh)


@pytest.mark.parametrize("language", ["en_US", "zh_CN"])
def test_number_words_and_source_are_printed_in_both_languages(
    tampered: list[Segment], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", language)
    text = verdict_text(document(judged(tampered), tampered))
    assert "3330" in text
    assert "ENFSI" in text
    lines = [line for line in text.splitlines() if "3330" in line or "ENFSI" in line]
    assert not any(FORBIDDEN.search(line) for line in lines)
    if language == "zh_CN":
        assert "强支持（ENFSI 2015" in text
        assert "等级 U，未经核对" in text
    else:
        assert "at least 3330 times as likely if between the code disc" in text
        assert "strong support for the first (ENFSI 2015: ENFSI, guideline" in text
        assert "2015, grade U, unverified)" in text


def test_the_document_holds_number_propositions_words_and_the_scale_s_source(tampered: list[Segment]) -> None:
    told = json.loads(json.dumps(document(judged(tampered), tampered)))
    ratio = told["findings"][0]["likelihood"]
    assert ratio["at_least"] == pytest.approx(10_000 / 3)
    assert ratio["verbal"] == {"en": "strong support", "zh": "强支持"}
    assert ratio["hp_zh"]
    assert ratio["hd_zh"]
    account = told["findings"][0]["account"]
    assert account["kind"] == str(Kind.PERIODIC)
    assert {size["method"] for size in account["sizes"]} >= {"edges of both taps"}
    assert told["budget"]["alpha"] == 1e-4
    assert told["verbal_scale"]["verified"] is False
    assert re.fullmatch("[0-9a-f]{64}", told["verbal_scale"]["sha256"])


# --------------------------------------------------------------------------------------------------------------- scale


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(0.5, None), (1, "weak"), (9.99, "weak"), (10, "moderate"), (100, "moderately strong"), (1e4, "very strong"), (1e6, "extremely strong"), (1e12, "extremely strong")],
)  # fmt: skip
def test_a_band_begins_at_its_lower_end(ratio: float, words: str | None) -> None:
    band = default_scale().band(ratio)
    assert (band.en if band else None) == (f"{words} support" if words else None)


def test_a_laboratory_brings_its_own_words_without_judging_anew(tampered: list[Segment], tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(BANDS)
    found = judged(tampered)
    own = document(found, tampered, read_scale(path))
    assert own["findings"][0]["likelihood"]["verbal"] == {"en": "clear", "zh": "明显"}
    again = on_scale(own, default_scale())
    assert again == document(found, tampered)
    text = verdict_text(own)
    assert "clear for the first (own: a laboratory's handbook, 3)" in text
    site = on_scale({"site": "S", "instruments": [again]}, read_scale(path))
    assert site["instruments"][0]["findings"][0]["likelihood"]["verbal"]["en"] == "clear"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"\xff", "own.toml"),
        (b"name = 3", "unknown keys none, missing keys"),
        (BANDS.replace(b"verified = true", b'verified = "yes"'), "verified expected bool"),
        (BANDS.replace(b"at_least = 50.0", b"at_least = 0.5"), "ascending order"),
        (BANDS.replace(b"at_least = 1,", b"at_least = 2,"), "the first from 1 on"),
        (BANDS.replace(b'en = "clear", ', b""), "band 2: unknown keys none, missing keys ['en']"),
        (BANDS.replace(b"at_least = 50.0", b"at_least = nan"), "band 2: at_least expected at most 1e+300, got nan"),
        (BANDS.replace(b"at_least = 50.0", b"at_least = inf"), "band 2: at_least expected at most 1e+300, got inf"),
        (BANDS.replace(b"at_least = 50.0", b"at_least = 1" + b"0" * 400), "band 2: at_least expected float"),
        (BANDS.replace(b"at_least = 50.0", b"at_least = 1" + b"0" * 5000), "own.toml: Exceeds the limit"),
        (b"name = " + b"[" * 100_000, "own.toml: maximum recursion depth"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_scale_that_cannot_be_used_says_why(text: bytes, expected: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(expected)):
        parse_scale(text, "own.toml")


def test_the_command_refuses_a_scale_it_cannot_read(tmp_path: Path) -> None:
    from harness.commands.judge import judge as command

    with pytest.raises(UsageError, match="--scale"):
        command([], scale=tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"name = 3")
    with pytest.raises(UsageError, match="--scale"):  # before a case is looked at
        command([tmp_path / "no case"], scale=tmp_path / "bad.toml")


def test_evidence_below_one_supports_nothing() -> None:
    own = explained([hit("split", f"C{i}", 0.04) for i in range(3)])
    ratio = likelihood(own.kind, own.honest, 0.4, 3000.0, PROFILE, load_propositions())
    assert ratio is not None
    lines = likelihood_lines(asdict(ratio), default_scale().cited())
    assert "supports neither" in lines[0]
    assert not any("support for" in line for line in lines)
    assert likelihood_lines(asdict(replace(ratio, at_least=4.0)), default_scale().cited())[0].endswith(ratio.hp_en)


@pytest.mark.parametrize(
    ("head", "link", "kind"),
    [
        ("constant-gain", "reference>display", Kind.UNDETERMINED),
        ("gain-change", "reference>display", Kind.UNDETERMINED),
    ],
)
def test_the_number_of_one_test_weighs_no_proposition_of_another(head: str, link: str, kind: Kind) -> None:
    """A wrong factor makes a constant error as surely as pulses put in: the error's evidence does not choose between them."""
    up, down = link.split(">")
    first = [hit(head, f"C{i}", 0.04, link=Link(up, down)) for i in range(3)]
    joined = [hit("period-gain", f"C{i}", 0.04, link=Link("reference", "board")) for i in range(3)]
    finding = found([*first, *joined])
    assert account(finding, [*first, *joined], [], PROFILE, DETECTORS).kind is Kind.MULTIPLIED
    assert kind_of_test(finding, [*first, *joined], DETECTORS) is kind


def test_the_pattern_of_the_first_test_is_its_own() -> None:
    readings = [hit("split", f"C{i}", 0.04, pattern="own oscillator") for i in range(3)]
    assert kind_of_test(found(readings), readings, DETECTORS) is Kind.OSCILLATOR
    moved = replace(found(readings), link=Link("board", "register"))
    assert kind_of_test(moved, readings, DETECTORS) is Kind.OSCILLATOR


@pytest.mark.parametrize(
    ("value", "told"), [(9996.0, "9990"), (999.9, "999"), (10_000.0, "10000"), (1.0, "1"), (14.129, "14.1")]
)
def test_a_lower_bound_is_never_rounded_up(value: float, told: str) -> None:
    assert at_least(value) == told
    assert float(at_least(value)) <= value
