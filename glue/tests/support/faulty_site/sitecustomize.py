"""Makes a process kill itself or its executor, or hang, when it reads a poisoned object; for such tests only.

`TRIBUTARY_TEST_FAULTS` is some of `kill`, `stuck`, `hang:FILE` and `executor:FILE`, by commas; a key is
poisoned when it contains the word. The file is there once something hangs; an executor is killed once, until
it is there. Once a `stuck` one was read the work on what was read never ends.
"""

import os
import re
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

_faults = [word.partition(":") for word in os.environ["TRIBUTARY_TEST_FAULTS"].split(",")]
_send = URLLib3Session.send
_READER = "tributary.conversion.chain"


def _sending(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
    for fault, _, marker in _faults:
        if request.method == "GET" and fault in request.url:
            _commit(fault, marker)
    return _send(session, request)


def _never_ends(*_: object, **__: object) -> object:
    # Time flies, where there is a limit to it. The pattern is at work in C, with the interpreter's lock held.
    if signal.getitimer(signal.ITIMER_REAL)[0]:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
    return re.match(r"(a+)+$", "a" * 100 + "b")


def _commit(fault: str, marker: str) -> None:
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "stuck":
        for module in filter(None, [sys.modules.get(_READER)]):
            module.read = _never_ends  # type: ignore[attr-defined]
        return
    if fault == "executor" and Path(marker).exists():
        return
    Path(marker).touch()
    if fault == "executor":
        os.kill(_executor(), signal.SIGKILL)
    threading.Event().wait()


def _executor() -> int:
    """The JVM above: between are the daemon and, of a process that reads a file alone, its worker."""
    process = os.getpid()
    while Path(f"/proc/{process}/comm").read_text().strip() != "java":
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return process


URLLib3Session.send = _sending  # type: ignore[method-assign]
