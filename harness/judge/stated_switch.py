"""What the free text of a certificate says of a switch: on, off, or nothing where it can be read in two ways.

开关 is the switch, and 开 within it is no `on`; `开/关` names both.  So a clause counts only where nothing but one value
stands behind the name of the switch, and a clause that could say the opposite takes it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

ON, OFF = ("on", "开", "开启", "打开", "启用"), ("off", "关", "关闭", "停用", "未开启", "未打开", "未启用")
STATES = {word: state for state, words in (("on", ON), ("off", OFF)) for word in words}
NAME = re.compile(r"compensation|补偿")
VALUE = re.compile(
    r"(?: *switch|开关|功能|状态|设置)?(?: is| was|为|是|[ :=(\"'“”「」])*已?"
    rf"({'|'.join(sorted(STATES, key=len, reverse=True))})[ )\"'“”「」]*"
)
CLAUSE = re.compile(r"[;,、。\n]|\.(?![0-9])|(?=density|密度|meter factor|流量计系数)")
CHINESE = r"开(?!关)|(?<!开)关|启用|停用"
SPOKEN = re.compile(rf"(?<![a-z])(?:on|off)(?![a-z])|{CHINESE}")  # something is said of on and off
GOES_ON = re.compile(
    rf"(?<![a-z])(?:on *\Z|off(?![a-z]))|{CHINESE}"
)  # by a clause that may go on: `on 1 May` is a date
VERBS = re.compile(r"开启|打开|启用|关闭|停用")


def switched(text: str) -> str:
    """ "on" or "off" as `text`, normalised and in small letters, says of the compensation; "" where it says neither or both."""
    said = set(_said(CLAUSE.split(text)))
    return said.pop() if len(said) == 1 else ""


def _said(clauses: list[str]) -> Iterator[str]:
    """What each clause says; "" for one that speaks of the switch in another way."""
    before = False
    for clause in clauses:
        *names, rest = NAME.split(clause)
        found = VALUE.fullmatch(rest) if names else None
        if found is not None and not VERBS.search("".join(names)):
            yield STATES[found[1]]
        elif (names and SPOKEN.search(clause)) or (before and GOES_ON.search(clause)):
            yield ""
        before = bool(names)
