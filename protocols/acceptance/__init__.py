"""Editions of acceptance regulations as TOML beside this file, and their parser.  No I/O: callers read the text."""

from protocols.acceptance.parser import AcceptanceError, Edition, EditionSpec, Limit, parse

JJG443_2015 = EditionSpec("jjg443-2015", "protocols.acceptance", "jjg443_2015.toml")
JJG443_2023 = EditionSpec("jjg443-2023", "protocols.acceptance", "jjg443_2023.toml")

__all__ = ["JJG443_2015", "JJG443_2023", "AcceptanceError", "Edition", "EditionSpec", "Limit", "parse"]
