"""Commands of the stock client in one process, since starting it for each takes seconds.

Reads an argument list as JSON from each line, and writes its exit code and what it printed.
"""
import contextlib
import io
import json
import logging
import sys
import time

from openstackclient import shell

# The client polls every few seconds; hosts that are simulated are done in milliseconds.
sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.05))

answers = sys.stdout
for line in sys.stdin:
    printed = io.StringIO()
    # Each run adds a handler that writes to the stream of that time.
    logging.getLogger().handlers.clear()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = shell.OpenStackShell().run(json.loads(line))
        except SystemExit as ending:
            code = ending.code
    json.dump({"code": code, "printed": printed.getvalue()}, answers)
    print(file=answers, flush=True)
