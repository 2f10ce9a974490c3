"""Notes which statements of roles decide requests, where the emulator enforces roles."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator


def note_decisions(file: Path) -> None:
    """Append `{"role": …, "sid": …, "action": …}` to `file`, a line when a statement first decides on one.

    No statement decides a request of the root. What the emulator does inside itself in the name of a service
    is not seen: logs of functions, schedules, event source mappings, keys of what is stored.
    """
    enforce: Callable[..., Any] = iam_evaluator.enforce
    evaluate: Callable[..., iam_evaluator.EvalResult] = iam_evaluator.evaluate
    request = threading.local()
    noted: set[tuple[str, str, str]] = set()

    def enforce_noting(*arguments: object, **options: object) -> object:
        request.is_open = True
        return enforce(*arguments, **options)

    def evaluate_noting(context: iam_evaluator.EvalContext, *policies: object) -> iam_evaluator.EvalResult:
        result = evaluate(context, *policies)
        # what follows within a request are the policies of the resource
        is_first = getattr(request, "is_open", False)
        if is_first and context.principal_type == "AssumedRole" and result.matched_sid:
            role = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
            note(role, result.matched_sid, context.action)
        request.is_open = False
        return result

    def note(role: str, sid: str, action: str) -> None:
        if (role, sid, action) in noted:
            return
        noted.add((role, sid, action))
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"role": role, "sid": sid, "action": action}) + "\n")

    iam_evaluator.enforce = enforce_noting
    iam_evaluator.evaluate = evaluate_noting
