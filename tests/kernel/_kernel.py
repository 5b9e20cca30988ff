"""A real kernel under a test's control: every message is kept, with the request it belongs to."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Message = dict[str, Any]


@dataclass
class Result:
    """What one execute request gave: its reply and the messages that name it as their parent."""

    msg_id: str
    reply: Message
    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> str:
        """``ok``, ``error`` or ``aborted``."""
        return str(self.reply["content"]["status"])

    @property
    def stdout(self) -> str:
        """What was printed."""
        return self._stream("stdout")

    @property
    def stderr(self) -> str:
        """What went to stderr."""
        return self._stream("stderr")

    @property
    def error(self) -> str:
        """The traceback as it was shown, empty where there was none."""
        return "\n".join(line for m in self._of("error") for line in m["content"]["traceback"])

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The MIME bundles of ``display`` and of the cell's value, in order."""
        return [m["content"]["data"] for m in self._of("display_data", "execute_result")]

    @property
    def text(self) -> str:
        """The plain text of all outputs."""
        return "\n".join(data.get("text/plain", "") for data in self.outputs)

    def _stream(self, name: str) -> str:
        return "".join(m["content"]["text"] for m in self._of("stream") if m["content"]["name"] == name)

    def _of(self, *types: str) -> list[Message]:
        return [m for m in self.messages if m["header"]["msg_type"] in types]


class Kernel:
    """An ipykernel of this Python, and a thread that keeps all that it publishes.

    Parameters
    ----------
    cwd
        The kernel's working directory.
    """

    def __init__(self, cwd: Path) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(cwd))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.messages: list[Message] = []
        self._replies: dict[str, Message] = {}
        self._news = threading.Condition()
        self._closing = threading.Event()
        # Each channel belongs to one thread: a ZeroMQ socket may not be shared.
        channels = (self.client.get_iopub_msg, self.client.get_shell_msg, self.client.get_control_msg)
        self._readers = [threading.Thread(target=self._read, args=(get,), daemon=True) for get in channels]
        for reader in self._readers:
            reader.start()

    def _read(self, get: Callable[..., Message]) -> None:
        while not self._closing.is_set():
            try:
                message = get(timeout=0.2)
            except queue.Empty:
                continue
            message["received"] = time.monotonic()
            with self._news:
                if message["header"]["msg_type"].endswith("_reply"):
                    self._replies[message["parent_header"].get("msg_id", "")] = message
                else:
                    self.messages.append(message)
                self._news.notify_all()

    # -- cells

    def send(self, code: str, *, allow_stdin: bool = True, silent: bool = False) -> str:
        """Send a cell and return at once with its ``msg_id``; ``allow_stdin=False`` is what nbclient and nbval say."""
        # After an error ipykernel 6 aborts for a moment what comes next, which a person's next cell is too late for.
        return self.client.execute(
            code, allow_stdin=allow_stdin, silent=silent, store_history=not silent, stop_on_error=False
        )

    def result(self, msg_id: str, timeout: float = 30) -> Result:
        """Wait for the reply and for the ``idle`` after it, so that no output of the cell is missed."""
        self.wait(lambda: msg_id in self._replies and self._idle(msg_id), timeout, f"no reply to {msg_id}")
        return Result(msg_id, self._replies[msg_id], self.of(msg_id))

    def run(self, code: str, *, allow_stdin: bool = True, silent: bool = False, timeout: float = 30) -> Result:
        """Run a cell to its end."""
        return self.result(self.send(code, allow_stdin=allow_stdin, silent=silent), timeout)

    def answered(self, msg_id: str) -> bool:
        """Whether the cell has its reply."""
        return msg_id in self._replies

    def of(self, msg_id: str) -> list[Message]:
        """All published messages that name this request as their parent, those after its end too."""
        with self._news:
            return [m for m in self.messages if m["parent_header"].get("msg_id") == msg_id]

    def displays(self) -> dict[str, list[Message]]:
        """The states of each updatable output, by display id: its display first, then every update."""
        found: dict[str, list[Message]] = {}
        with self._news:
            for message in self.messages:
                display_id = message["content"].get("transient", {}).get("display_id")
                if display_id:
                    found.setdefault(display_id, []).append(message)
        return found

    def wait(self, condition: Callable[[], Any], timeout: float = 30, what: str = "it did not come") -> None:
        """Wait until ``condition`` holds; it is asked again after each message."""
        end = time.monotonic() + timeout
        with self._news:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, f"{what} within {timeout} s"
                self._news.wait(min(left, 0.5))

    def _idle(self, msg_id: str) -> bool:
        return any(
            m["header"]["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
            for m in self.messages
            if m["parent_header"].get("msg_id") == msg_id
        )

    # -- what an editor asks

    def complete(self, code: str, cursor: int | None = None, timeout: float = 10) -> list[str]:
        """Ask for completions, as Tab does."""
        msg_id = self.client.complete(code, len(code) if cursor is None else cursor)
        return list(self._reply(msg_id, timeout)["content"]["matches"])

    def inspect(self, code: str, cursor: int | None = None, detail: int = 0, timeout: float = 10) -> str:
        """Ask for a hint, as Shift-Tab does; empty where there is none."""
        msg_id = self.client.inspect(code, len(code) if cursor is None else cursor, detail)
        return str(self._reply(msg_id, timeout)["content"].get("data", {}).get("text/plain", ""))

    def comm(self, comm_id: str, data: dict[str, Any], subshell: str | None = None) -> str:
        """Send a widget's message from the browser's side; ``subshell`` as JupyterLab 4.6 does while a cell runs."""
        session = self.client.session
        message = session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def subshell(self, timeout: float = 10) -> str:
        """Open a subshell, as JupyterLab does for a widget's messages; needs ipykernel 7."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        return str(self._reply(message["header"]["msg_id"], timeout)["content"]["subshell_id"])

    def _reply(self, msg_id: str, timeout: float) -> Message:
        self.wait(lambda: msg_id in self._replies, timeout, f"no reply to {msg_id}")
        return self._replies[msg_id]

    # -- the process

    def interrupt(self) -> None:
        """Interrupt it, as the editor's square button does."""
        # A print's message comes before the print returns, and ipykernel can lose an interrupt that falls into it.
        time.sleep(0.3)
        self.manager.interrupt_kernel()

    @property
    def alive(self) -> bool:
        """Whether the process lives."""
        return bool(self.manager.is_alive())

    def close(self) -> None:
        """End the kernel and the reading threads."""
        self._closing.set()
        for reader in self._readers:
            reader.join(5)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
