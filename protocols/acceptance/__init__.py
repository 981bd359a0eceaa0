"""Editions of acceptance regulations as TOML beside this file, and their parser.  No I/O: callers read the text."""

from protocols.acceptance.edition import AcceptanceError, Edition, EditionSpec, Limit
from protocols.acceptance.parser import parse

JJG443_2015 = EditionSpec("jjg443-2015", "protocols.acceptance", "jjg443_2015.toml")
JJG443_2023 = EditionSpec("jjg443-2023", "protocols.acceptance", "jjg443_2023.toml")
JJG996_2012 = EditionSpec("jjg996-2012", "protocols.acceptance", "jjg996_2012.toml")
JJG1114_2015 = EditionSpec("jjg1114-2015", "protocols.acceptance", "jjg1114_2015.toml")
LPG_CN = EditionSpec("lpg-cn", "protocols.acceptance", "lpg_cn.toml")
OIML_R76_2006 = EditionSpec("oiml-r76-2006", "protocols.acceptance", "oiml_r76_2006.toml")
JJG539_2016 = EditionSpec("jjg539-2016", "protocols.acceptance", "jjg539_2016.toml")
JJG517_2016 = EditionSpec("jjg517-2016", "protocols.acceptance", "jjg517_2016.toml")
OIML_R117_2007 = EditionSpec("oiml-r117-2007", "protocols.acceptance", "oiml_r117_2007.toml")
OIML_R21_2007 = EditionSpec("oiml-r21-2007", "protocols.acceptance", "oiml_r21_2007.toml")
NIST_HB44_3_30 = EditionSpec("nist-hb44-3-30", "protocols.acceptance", "nist_hb44_3_30.toml")
JJF2184_2025 = EditionSpec("jjf2184-2025", "protocols.acceptance", "jjf2184_2025.toml")

__all__ = [
    "JJF2184_2025",
    "JJG443_2015",
    "JJG443_2023",
    "JJG517_2016",
    "JJG539_2016",
    "JJG996_2012",
    "JJG1114_2015",
    "LPG_CN",
    "NIST_HB44_3_30",
    "OIML_R21_2007",
    "OIML_R76_2006",
    "OIML_R117_2007",
    "AcceptanceError",
    "Edition",
    "EditionSpec",
    "Limit",
    "parse",
]
