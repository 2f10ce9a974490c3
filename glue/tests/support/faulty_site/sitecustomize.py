"""Makes a process kill itself, or hang, when it reads a poisoned object; on the path of such tests only.

`TRIBUTARY_TEST_FAULTS` is `kill` or `hang`; a key is poisoned when it contains that word.
"""

import os
import signal
import threading
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.httpsession import URLLib3Session

_fault = os.environ["TRIBUTARY_TEST_FAULTS"]
_send = URLLib3Session.send


def _sending(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
    if request.method == "GET" and _fault in request.url:
        if _fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()
    return _send(session, request)


URLLib3Session.send = _sending  # type: ignore[method-assign]
