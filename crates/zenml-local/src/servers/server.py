"""Serves one workspace: a ZenML server in Pro mode.

    python server.py FOLDER PORT [until-input-ends]

The settings are in the environment. The port is bound before anything else, so that a taken one is noticed at once, and
before the server reports to its control plane. A lock on the folder keeps a second server away.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import threading

LOCKED, TAKEN = 75, 76

folder, port, *options = sys.argv[1:]
lock = open(os.path.join(folder, "server.lock"), "a+")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print("Another server is running in %s." % folder, file=sys.stderr)
    sys.exit(LOCKED)


def start_time():
    """When this process started, in a form that is the same for everybody who asks."""
    try:
        with open("/proc/self/stat") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        ask = ["ps", "-ww", "-o", "lstart=", "-p", str(os.getpid())]
        same = dict(os.environ, LC_ALL="C", TZ="UTC0")
        return " ".join(subprocess.run(ask, stdout=subprocess.PIPE, env=same).stdout.decode().split())


record = os.path.join(folder, "process.json")
description = json.dumps({"pid": os.getpid(), "started": start_time()})
with open(record + ".part", "w") as file:
    file.write(description)
os.rename(record + ".part", record)
# Also here, because the owner of this file cannot be another process.
lock.truncate(0)
lock.write(description)
lock.flush()

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("127.0.0.1", int(port)))
except OSError as error:
    print("Cannot listen on 127.0.0.1:%s: %s." % (port, error.strerror), file=sys.stderr)
    sys.exit(TAKEN)


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


if "until-input-ends" in options:
    threading.Thread(target=end_with_input, daemon=True).start()

import uvicorn  # noqa: E402  (importing takes seconds)

settings = uvicorn.Config(
    "zenml.zen_server.zen_server_api:app", log_level="info", server_header=False, timeout_graceful_shutdown=3
)
server = uvicorn.Server(settings)
server.run(sockets=[listener])
# Otherwise the failure of a start would look like an end that somebody asked for.
sys.exit(0 if server.started else 3)
