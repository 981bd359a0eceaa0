"""A driver against its simulated device, on a clean line: what it does, and what it leaves alone."""

from __future__ import annotations

import sys
import unittest
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from fixtures.bench import Bench
from fixtures.capability import InstrumentSpec
from fixtures.errors import InstrumentError
from fixtures.link import Arrival
from fixtures.plugins import specs
from harness.testing.attempts import attempt
from harness.testing.codecs import deep_size
from harness.testing.devices import NAME, TWIN, Device, MakeDevice, Setting, Trial
from harness.testing.outside import round_the_bench_is_broken
from harness.testing.promised import check_asked, held_to_its_roles
from harness.testing.stands import Stand, on_pseudo_terminals, stand
from harness.testing.wanted import want
from protocols.contract import Garbage, Role, WireProtocol, joined

SECOND_NS = 1_000_000_000
BEFORE_NS = 2 * SECOND_NS  # so long an unopened driver must keep silent
AFTER_NS = 30 * SECOND_NS  # and one that was made safe
_PIECES, _JUNK = 3000, 64  # arrivals that a driver is given to hold, bytes of those that mean nothing
_MOST_GROWTH = 16 * 1024
_LOOKS = 20  # at a device that shows by itself what it was told


def check_driver(
    spec: InstrumentSpec,
    device: MakeDevice | Mapping[str, MakeDevice],
    *,
    does: Callable[[Any], object],
    value: object,
    **setting: Unpack[Setting],
) -> None:
    """The driver against its simulated device: in process on the virtual clock, then on a pseudo-terminal by the wall's.

    `does(driver)` gives `value`, by the driver's capability.  Besides: each reading holds what the roles of the plugin are for
    (`mass`: total and density); a verb that neither returns nor calls the bench is ended and named; nothing is sent before `open` and after `make_safe`;
    what was sent is in the journal and is messages of the protocol's host; time and ports are the bench's; a second driver
    on the same bench shares nothing with the first; what nobody fetches is not kept for ever.
    Raises unittest.SkipTest at its end, with the reason, where there are no pseudo-terminals.
    """
    trial = Trial(spec, device, does, value, **setting)
    _on_the_virtual_clock(trial)
    _beside_a_twin(trial)
    if sys.platform == "win32":
        raise unittest.SkipTest(
            "the driver holds on the virtual clock; this system has no pseudo-terminals for the rest"
        )
    _on_a_pseudo_terminal(trial)


def _on_the_virtual_clock(trial: Trial) -> None:
    where = trial.spec.name
    with stand(trial) as at:
        attempt(at, lambda: at.bench.idle(BEFORE_NS), f"{where}: before open")
        _nothing_sent(at, f"{where}: expected nothing to be sent before open")
        with round_the_bench_is_broken(where):
            told = _came(attempt(at, at.bench.open, f"{where}: open"), f"{where}: open expected to identify the device")
            want(bool(told[NAME]), f"{where}: open expected to tell what the device says of itself", told[NAME])
            with held_to_its_roles(trial.spec, at.driver):
                _gives(at, trial.value, where)
            _gives(at, at.change(), f"{where}, again")
            check_asked(at, where)
        _keeps_little(at, where)
        with round_the_bench_is_broken(where):
            attempt(at, at.driver.make_safe, f"{where}: make_safe")
        attempt(at, lambda: at.bench.idle(SECOND_NS), f"{where}: after make_safe")  # what it sent is on its way
        sent = len(at.sent_ns)
        attempt(at, lambda: at.bench.idle(AFTER_NS), f"{where}: after make_safe")
        at_rest = len(at.sent_ns) - sent
        want(at_rest == 0, f"{where}: make_safe expected to leave nothing that sends", f"{at_rest} more messages")
        _check_journal(at, where)


def _nothing_sent(at: Stand, wanted: str) -> None:
    sent = b"".join(at.heard.values())
    want(not at.sent_ns and sent == b"", wanted, f"{len(at.sent_ns)} messages, {sent[:24]!r}")


def _came(got: Mapping[str, Any] | InstrumentError, wanted: str) -> Mapping[str, Any]:
    want(not isinstance(got, InstrumentError), wanted, got)
    assert not isinstance(got, InstrumentError)
    return got


def _gives(at: Stand, wanted: object, where: str, name: str = NAME) -> None:
    """What `does` gives, or where only it can know what the device then shows, is `wanted`."""
    got = attempt(at, lambda: at.do(name), f"{where}: does")
    shows = at.trial.shows
    if shows is not None and not isinstance(got, InstrumentError):
        got = shows(at.of(name))
    right = not isinstance(got, InstrumentError) and at.trial.same(got, wanted)
    want(right, f"{where}: on a clean line does expected {wanted!r}", got)


def _keeps_little(at: Stand, where: str) -> None:
    """An opened driver that is given its device's own answers and noise, and never asked for them."""
    link = f"{NAME}_{at.trial.spec.links[0]}"
    pieces = [*at.said[-8:], bytes(range(0x80, 0x80 + _JUNK)), bytes(_JUNK)]
    sizes = []
    for _ in range(2):
        attempt(at, lambda: _received(at, link, pieces), f"{where}: receive")
        sizes.append(deep_size(at.driver))
    grown = sizes[1] - sizes[0]
    want(
        grown <= _MOST_GROWTH,
        f"{where}: expected to hold a bounded number of the messages that nobody fetches (at most {_MOST_GROWTH} bytes more)",
        f"{grown} bytes more after {_PIECES} further reads",
    )


def _received(at: Stand, link: str, pieces: Sequence[bytes]) -> None:
    for number in range(_PIECES):
        at.driver.receive(Arrival(at.clock.t_ns, link, pieces[number % len(pieces)]))


def _check_journal(at: Stand, where: str) -> None:
    """Every byte on the cable went through the bench, and is a host's message."""
    journal = at.journal()
    protocol = at.trial.protocol or _protocol_of(at.trial)
    for link, heard in at.heard.items():
        sent = b"".join(journal[link])
        want(
            heard == sent,
            f"{where}: expected on {link} nothing but what went through the bench ({sent[:40]!r})",
            heard[:40],
        )
        want(at.trial.spec.writes or not sent, f"{where}: writes is False; expected nothing to be sent", sent[:40])
        if protocol is None:
            continue
        decoder = protocol.decoder(Role.HOST)
        messages = [message for data in journal[link] for message in decoder.feed(data)]
        strange = [one for one in joined([*messages, *decoder.close()]) if isinstance(one, Garbage)]
        want(not strange, f"{where}: expected to send messages of {protocol.name} as a host, and nothing else", strange)


def _protocol_of(trial: Trial) -> WireProtocol | None:
    """The installed protocol that the plugin, or its options, name."""
    name = trial.spec.protocol or trial.options.get("protocol", "")
    known: Mapping[str, WireProtocol] = specs("protocols")
    return known.get(name) if isinstance(name, str) else None


def _beside_a_twin(trial: Trial) -> None:
    """Two drivers of one bench, each with its own device, which say different things."""
    where = f"{trial.spec.name} beside another {trial.spec.name}: they are expected to share nothing"
    with stand(trial, (NAME, TWIN)) as at:
        told = attempt(at, at.bench.open, f"{where}: open")
        want(not isinstance(told, InstrumentError), f"{where}: open expected to identify both devices", told)
        others = at.change(TWIN)
        _gives(at, others, where, TWIN)
        _gives(at, trial.value, where)
        for name in (TWIN, NAME):
            attempt(at, at.bench.drivers[name].make_safe, f"{where}: make_safe")


def _shown(bench: Bench, trial: Trial, device: Device) -> object:
    """What the device shows; a busy computer may hold back for a while what it was told."""
    assert trial.shows is not None
    for _ in range(_LOOKS):
        if trial.same(trial.shows(device), trial.value):
            break
        bench.idle(SECOND_NS)
    return trial.shows(device)


def _on_a_pseudo_terminal(trial: Trial) -> None:
    where = f"{trial.spec.name} on a pseudo-terminal"
    with on_pseudo_terminals(trial) as (bench, devices):
        try:
            told = bench.open()
            bench.idle(trial.settle_ns)
            got = trial.does(bench.drivers[NAME])
            bench.idle(trial.settle_ns)
            if trial.shows is not None:
                got = _shown(bench, trial, devices[f"{NAME}_{trial.spec.links[0]}"])
            # before `make_safe`, which may change what is shown
            want(trial.same(got, trial.value), f"{where}: expected {trial.value!r} as on the virtual clock", got)
            bench.drivers[NAME].make_safe()
        except InstrumentError as error:
            want(False, f"{where}: expected {trial.value!r} as on the virtual clock", error)
        want(bool(told[NAME]), f"{where}: open expected to tell what the device says of itself", told[NAME])
