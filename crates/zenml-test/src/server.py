"""Serves ZenML in one process until its standard input is closed.

    python serve.py serve FOLDER      until standard input ends; then the folder is removed
    python serve.py prepare FOLDER    until the accounts of the tests are in the database

Prints one line of JSON to standard output as soon as it accepts requests. Everything else goes to standard error.
"""

import json
import os
import shutil
import socket
import sys
import threading
import urllib.parse
import urllib.request

mode, folder = sys.argv[1:]

# Output of libraries must not be mistaken for the line of JSON.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def end_with_input():
    sys.stdin.buffer.read()
    if mode == "serve":
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()


import uvicorn  # noqa: E402  (importing takes seconds, during which the input may be closed)

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
listener.bind(("127.0.0.1", 0))
url = "http://127.0.0.1:%d" % listener.getsockname()[1]


def report(what):
    answer.write(json.dumps(what) + "\n")
    answer.flush()


def post(path, data, token=None):
    headers = {"Content-Type": "application/json", "Authorization": "Bearer %s" % token} if token else {}
    encode = json.dumps if token else urllib.parse.urlencode
    request = urllib.request.Request(url + "/api/v1" + path, encode(data).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def create_accounts(server):
    """Creates a service account, and a key with full access."""
    try:
        token = post("/login", {"username": "default", "password": ""})["access_token"]
        account = post("/service_accounts", {"name": "terraform", "active": True}, token)
        key = post("/service_accounts/%s/api_keys" % account["id"], {"name": "tests"}, token)
        report({"url": url, "key": key["body"]["key"]})
    finally:
        server.should_exit = True


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets=sockets)
        if not self.started:
            return
        if mode == "serve":
            report({"url": url})
        else:
            threading.Thread(target=create_accounts, args=(self,), daemon=True).start()


server = Server(uvicorn.Config("zenml.zen_server.zen_server_api:app", log_level="warning"))
server.run(sockets=[listener])
