"""Reads subunit and writes one JSON line per test as it ends."""
import json
import sys

import subunit
import testtools


def ended(test):
    if test["status"] == "exists":
        return
    began, end = test["timestamps"]
    text = {
        name: detail.as_text()
        for name, detail in test["details"].items()
        if name.split("-")[0] in ("traceback", "reason")
    }
    line = {
        "id": test["id"],
        "status": test["status"],
        "seconds": round((end - began).total_seconds(), 1) if began and end else 0,
        "reason": text.get("reason", ""),
        "tracebacks": [text[name] for name in sorted(text) if name != "reason"],
    }
    print(json.dumps(line), flush=True)


result = testtools.StreamToDict(ended)
result.startTestRun()
subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="output").run(result)
result.stopTestRun()
