"""pymodbus as the device at the other end of a line, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import SimDevice


@contextmanager
def modbus_server(
    port: str, device: SimDevice, baud: int, tamper: Callable[[bytes], bytes] = lambda data: data
) -> Iterator[None]:
    """`device` on the serial line `port`; `tamper` changes the frames it sends."""
    loop, up = asyncio.new_event_loop(), threading.Event()
    servers: list[ModbusSerialServer] = []

    async def start() -> None:
        server = ModbusSerialServer(
            device, port=port, baudrate=baud, ignore_missing_devices=True,
            trace_packet=lambda sending, data: tamper(data) if sending else data,
        )  # fmt: skip
        servers.append(server)
        await server.serve_forever(background=True)
        up.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert up.wait(10)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
