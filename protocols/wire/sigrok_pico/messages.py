"""What host and analyser say to each other (protocols.md 6.1b)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reset:
    """Host `*`: idle state, run forgotten; not answered."""


@dataclass(frozen=True, slots=True)
class Identify:
    """Host `i`: answered by Identity."""


@dataclass(frozen=True, slots=True)
class EnableAnalog:
    """Host `A`: switch analog channel 0-99 on or off; answered by Ack."""

    channel: int
    on: bool


@dataclass(frozen=True, slots=True)
class EnableDigital:
    """Host `D`: switch digital channel 0-99 on or off; answered by Ack."""

    channel: int
    on: bool


@dataclass(frozen=True, slots=True)
class SampleLimit:
    """Host `L`: samples of a fixed run; answered by Ack."""

    samples: int


@dataclass(frozen=True, slots=True)
class SampleRate:
    """Host `R`: samples per second; answered by Ack, after which the device may add a remark."""

    hz: int


@dataclass(frozen=True, slots=True)
class RunFixed:
    """Host `F`: take the number of samples set by SampleLimit; answered by data."""


@dataclass(frozen=True, slots=True)
class RunContinuous:
    """Host `C`: take samples until Abort; answered by data."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Host `+`: stop the run."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Device `SRPICO,AxxyDzz,vv`: analog channels, bytes per analog sample, digital channels, protocol version."""

    analog: int
    analog_bytes: int
    digital: int
    version: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Device `*`: the command was accepted."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Device data bytes 30h-FFh as they came; `SampleReader` reads them.  Adjoining ones are one stretch of data."""

    raw: bytes

    def joined(self, following: Samples) -> Samples:
        return Samples(self.raw + following.raw)


@dataclass(frozen=True, slots=True)
class End:
    """Device `$count+`: the run is over and `count` data bytes were sent; fewer received means data was lost."""

    count: int


@dataclass(frozen=True, slots=True)
class Aborted:
    """One device byte below 30h that is neither `$` nor `*` nor part of an identity.

    Inside data it means that the device gave up (it repeats `!` when it overflowed).  Outside a run it belongs
    to a remark or refusal in plain text, whose letters look like Samples: only the driver knows whether a run is on.
    """

    code: int
