"""Sentences of documents and of recorded receivers (protocols.md 6.6), and messages for round trips."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.contract import EvidenceClass, Message, Role, Vector
from protocols.wire.nmea.messages import Gga, Gll, Gsa, Other, Rmc, Vtg, Zda

_USUAL = "protocols.md 6.6 [C]: the usual example, checksum recalculated"
_PLOTTER = "gpsd test/daemon/bundg_zeus_9.log (BSD-2-Clause): a chart plotter under way"
_MODEM = "gpsd test/daemon/quectel-eg25-g.log (BSD-2-Clause): a modem's receiver from a cold start"


def _line(name: str, text: str, message: Message, source: str) -> Vector:
    evidence = EvidenceClass.STANDARD if source is _USUAL else EvidenceClass.CAPTURE
    return Vector(name, Role.DEVICE, text.encode("ascii") + b"\r\n", (message,), source, evidence)


_NONE = ("",) * 12

VECTORS: tuple[Vector, ...] = (
    _line(
        "GGA", "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
        Gga("GP", "123519", "4807.038", "N", "01131.000", "E", "1", "08", "0.9", "545.4", "M", "46.9", "M", "", ""), _USUAL,
    ),
    _line(
        "RMC of an early edition", "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A",
        Rmc("GP", "123519", "A", "4807.038", "N", "01131.000", "E", "022.4", "084.4", "230394", "003.1", "W"), _USUAL,
    ),
    _line(
        "RMC with its mode", "$GPRMC,094737,A,5251.0093,N,00518.8170,E,5.6,230.5,200818,1.4,E,A*1F",
        Rmc("GP", "094737", "A", "5251.0093", "N", "00518.8170", "E", "5.6", "230.5", "200818", "1.4", "E", "A"), _PLOTTER,
    ),
    _line(
        "VTG", "$GPVTG,230.5,T,229.1,M,5.6,N,10.4,K,A*19",
        Vtg("GP", "230.5", "T", "229.1", "M", "5.6", "N", "10.4", "K", "A"), _PLOTTER,
    ),
    _line(
        "ZDA", "$GPZDA,094737,20,08,2018,-01,00*6B", Zda("GP", "094737", "20", "08", "2018", "-01", "00"), _PLOTTER
    ),
    _line(
        "GLL", "$GPGLL,5251.0093,N,00518.8170,E,094736,A,A*43",
        Gll("GP", "5251.0093", "N", "00518.8170", "E", "094736", "A", "A"), _PLOTTER,
    ),
    _line(
        "RMC with its navigational status", "$GPRMC,191504.99,A,3645.872798,N,03124.660214,E,0.3,300.5,110922,3.6,E,A,V*42",
        Rmc(
            "GP", "191504.99", "A", "3645.872798", "N", "03124.660214", "E", "0.3", "300.5", "110922", "3.6", "E", "A", "V"
        ), _MODEM,
    ),
    _line(
        "RMC without a fix", "$GPRMC,,V,,,,,,,,,,N*53", Rmc("GP", "", "V", "", "", "", "", "", "", "", "", "", "N"), _MODEM
    ),
    _line(
        "GSA of several systems", "$GNGSA,A,3,78,69,88,68,,,,,,,,,3.9,1.3,3.7,2*30",
        Gsa("GN", "A", "3", ("78", "69", "88", "68", "", "", "", "", "", "", "", ""), "3.9", "1.3", "3.7", "2"), _MODEM,
    ),
    _line(
        "GSA without a fix", "$GPGSA,A,1,,,,,,,,,,,,,,,,*32", Gsa("GP", "A", "1", _NONE, "", "", "", ""), _MODEM
    ),
    _line(
        "GNS, another sentence", "$GNGNS,191434.96,,,,,NNN,,,,,,*36",
        Other("GNGNS", ("191434.96", "", "", "", "", "NNN", "", "", "", "", "", "")), _MODEM,
    ),
)  # fmt: skip

_DEVICE: tuple[Message, ...] = (
    *(vector.messages[0] for vector in VECTORS),
    Rmc("GB", "235960.000000001", "A", "9000", "S", "18000.0000", "W", "0", "360", "290200", mode="D"),
    Rmc("GL", "000000", "V", "", "", "", "", "", "", ""),
    Gga("GA", "120000.00", "0000.000000", "N", "00000.000000", "E", "8", "0", "", "-18.7", "M", "", "M", "1.5", "0123"),
    Vtg("GN", "", "", "", "", "", "", "", "", "N"),
    Zda("GQ", "", "", "", "", "", ""),
    Gsa("GP", "M", "2", tuple(str(n) for n in range(201, 213)), "99.99", "99.99", "99.99"),
    Gll("GI", "", "", "", "", "010203.4", "V"),
    Other("PUBX", ("00", "081350.00")),
    Other("AIVDM", ("1", "1", "", "A", "14eG;o@034o8sd<L9i:a;WF>062D", "0"), "!"),
    Other("GPTXT", ()),
)  # fmt: skip


def examples(sender: Role) -> Sequence[Message]:
    """A few messages of each kind the receiver can send, edge values included; the bench says nothing."""
    return () if sender is Role.HOST else _DEVICE
