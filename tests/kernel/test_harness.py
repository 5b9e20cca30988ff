"""The harness itself: what the other kernel tests rest on."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.kernel._kernel import Kernel


def test_a_cell_gives_its_streams_its_value_and_its_error(kernel: Kernel) -> None:
    result = kernel.run("import sys; print('out'); print('err', file=sys.stderr); 1 + 1")
    assert (result.status, result.stdout, result.stderr, result.text) == ("ok", "out\n", "err\n", "2")
    assert "ZeroDivisionError" in kernel.run("1 / 0").error


def test_the_request_says_whether_somebody_watches(kernel: Kernel) -> None:
    ask = "print(get_ipython().kernel.get_parent('shell')['content']['allow_stdin'])"
    assert kernel.run(ask).stdout == "True\n"
    assert kernel.run(ask, allow_stdin=False).stdout == "False\n"


def test_a_thread_updates_an_output_after_its_cell(kernel: Kernel) -> None:
    cell = kernel.run(
        "import threading; go = threading.Event()\n"
        "from IPython.display import display\n"
        "def late():\n    go.wait(); display({'text/plain': 'late'}, raw=True, display_id='d', update=True)\n"
        "display({'text/plain': 'early'}, raw=True, display_id='d'); threading.Thread(target=late).start()"
    )
    assert cell.text == "early"
    kernel.run("go.set()")
    kernel.wait(lambda: len(kernel.displays()["d"]) == 2)
    assert kernel.displays()["d"][1]["content"]["data"]["text/plain"] == "late"


def test_completion_and_hint(kernel: Kernel) -> None:
    kernel.run("class Thing:\n    'A thing.'\n    colour = 1\nthing = Thing()")
    assert any("colour" in match for match in kernel.complete("thing.col"))
    assert "A thing." in kernel.inspect("thing")


def test_an_interrupt_ends_the_cell_and_not_the_kernel(kernel: Kernel) -> None:
    msg_id = kernel.send("print('on', flush=True)\nimport time\ntime.sleep(60)")
    kernel.wait(lambda: any(m["header"]["msg_type"] == "stream" for m in kernel.of(msg_id)))
    assert not kernel.answered(msg_id)
    kernel.interrupt()
    assert "KeyboardInterrupt" in kernel.result(msg_id).error
    assert kernel.alive
    assert kernel.run("1 + 1").text == "2"


@pytest.mark.skipif(version("ipykernel").startswith("6."), reason="subshells came with ipykernel 7")
def test_a_comm_reaches_the_kernel(kernel: Kernel) -> None:
    opened = kernel.run(
        "import comm\ngot = []\nc = comm.create_comm(target_name='t')\nc.on_msg(got.append)\nprint(c.comm_id)"
    )
    kernel.comm(opened.stdout.strip(), {"method": "custom", "content": {"kind": "stop"}})
    assert kernel.run("print(got[0]['content']['data']['content']['kind'])").stdout == "stop\n"
    assert kernel.subshell()
