"""An officer who reads Chinese is asked in Chinese, by the words of his instrument, and what stands in an answer is named in Chinese."""

from __future__ import annotations

import re

import pytest

from fixtures.language import Bilingual, speaking
from harness.asked import Asked, asked
from harness.benches import find
from harness.driving import CONTROLS
from harness.plans import PLANS
from harness.report.progress import headline
from harness.step import Keys, Phase, Press, Work
from harness.weighing import NAMES

ENGLISH = re.compile(r"[A-Za-z]{3,} [A-Za-z]{2,}|`|\bdone\b|\bnone\b")


def told(plan: str, bench: str) -> list[Asked]:
    with speaking("zh"):
        return asked(PLANS[plan], find(bench))


@pytest.mark.parametrize(
    ("plan", "bench", "own", "others"),
    [
        ("taximeter-raid", "taximeter-k0", "每公里脉冲数", ("每升", "自锁", "加油")), ("truck-scale-raid", "truck-scale-k0", "秤台", ("单价", "自锁", "加油")),
        ("gas-raid", "gas-cng-k0", "加气", ("加油机", "次加油", "油枪")), ("dispenser-raid", "dispenser-k0-prover", "每升脉冲数", ("每公里",)),
        ("price-scale-acceptance", "price-scale-lab-k0", "环境温度，单位 ℃", ("自锁", "每升")),
    ],
)  # fmt: skip
def test_every_question_is_asked_in_the_words_of_the_instrument(
    plan: str, bench: str, own: str, others: tuple[str, ...]
) -> None:
    questions = [one.text for one in told(plan, bench)]
    assert [text for text in questions if ENGLISH.search(text)] == []
    assert any(own in text for text in questions)
    assert [text for text in questions if any(other in text for other in others)] == []


def test_a_truck_scale_is_not_asked_for_prices() -> None:
    assert [one.key for one in told("truck-scale-raid", "truck-scale-k0") if one.key.endswith("price")] == []


def test_what_is_worked_and_where_one_is_said_in_chinese() -> None:
    with speaking("zh"):
        assert headline(Phase("bench", Bilingual("Tare", "除皮"))) == "== 实验室：除皮"
        assert headline(Keys(("1", "tare"))) == "按键 1 去皮（tare）"
        assert headline(Press("remote")) == "按下已查扣的遥控器"
        assert "雨刮器" in headline(Work("wipers"))
        assert "seat-heating" in headline(Work("seat-heating"))  # a control that only the bench file knows
        assert all(not ENGLISH.search(headline(Work(name))) for name in CONTROLS)
        assert all(headline(Keys((name,))).endswith(f"（{name}）") for name in NAMES)
    assert headline(Keys(("1", "tare"))) == "keys 1 tare"
