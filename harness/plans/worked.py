"""What may be worked: the words that name a key which writes, in every form they are typed in or printed on a keypad."""

from __future__ import annotations

import unicodedata

# in no raid, search or confirmation: they write, or cut power (field_rules.md section 2)
WRITES = (
    "calibrat", "save", "saving", "store", "storing", "price", "pricing", "firmware", "upgrade", "upgrading", "power",
    "保存", "存储", "储存", "存儲", "儲存", "校准", "校準", "校正", "标定", "標定", "检定", "檢定", "价格", "價格", "单价", "單價",
    "调价", "調價", "固件", "韧体", "韌體", "升级", "升級", "写入", "寫入", "电源", "電源", "断电", "斷電", "关机", "關機",
)  # fmt: skip

# whole labels of keypads: they open a dialog of settings, or end the state that is looked for (field_rules.md sections 3 and 8)
LABELS = (
    "cal", "set", "setup", "setting", "settings", "menu", "on", "off", "onoff", "开", "關", "关", "開", "开关", "開關", "开机", "開機",
    "设置", "設置", "设定", "設定", "菜单", "菜單", "参数", "參數",
)  # fmt: skip


def plain(what: str) -> str:
    """`what` without case, width, blanks and marks: `Price key`, `price.` and full-width letters are one word."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", what).casefold())
    return "".join(one for one in folded if one.isalnum())


def writes(what: str) -> bool:
    """Whether `what` names something that writes or switches power.  A list knows only the words on it: the officers say so too."""
    named = plain(what)
    return any(word in named for word in WRITES)


def barred(label: str) -> bool:
    """Whether no plan presses the key of this label, whatever else a bench file says."""
    return writes(label) or plain(label) in LABELS
