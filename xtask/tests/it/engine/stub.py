"""Stands in for the server of a workspace: `act`, a file next to it, says what it does."""

import http.server
import importlib.metadata
import json
import os
import pathlib
import sqlite3
import sys
import time
import urllib.parse
import urllib.request

ACT = pathlib.Path(__file__).with_name("act")
PLATFORM = os.environ["ZENML_SERVER_PRO_API_URL"]
INFO = {
    "version": importlib.metadata.version("zenml"),
    "pro_workspace_id": os.environ["ZENML_SERVER_PRO_WORKSPACE_ID"],
    "pro_api_url": PLATFORM,
}


def report():
    """What a real server does before it listens."""
    form = {
        "grant_type": "client_credentials",
        "client_id": INFO["pro_workspace_id"],
        "client_secret": os.environ["ZENML_SERVER_PRO_OAUTH2_CLIENT_SECRET"],
    }
    form = urllib.parse.urlencode(form).encode()
    token = json.load(urllib.request.urlopen(PLATFORM + "/auth/login", form))["access_token"]
    headers = {"Authorization": "Bearer " + token, "zenml-server-url": os.environ["ZENML_SERVER_SERVER_URL"]}
    urllib.request.urlopen(urllib.request.Request(PLATFORM + "/workspace_status", method="PATCH", headers=headers))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(INFO).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Config:
    def __init__(self, *_, **__):
        pass


class Server:
    started = False

    def __init__(self, _):
        pass

    def run(self, sockets):
        act = ACT.read_text() if ACT.exists() else "Serve"
        with sqlite3.connect(os.environ["ZENML_STORE_URL"].removeprefix("sqlite:///")) as database:
            database.execute("CREATE TABLE IF NOT EXISTS started (version)")
            database.execute("INSERT INTO started VALUES (?)", [INFO["version"]])
        if act == "End":
            raise RuntimeError("the server cannot be")
        report()
        if act == "ReportAndEnd":
            raise RuntimeError("the server cannot listen")
        if act == "Hang":
            time.sleep(600)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        server.socket = sockets[0]
        server.server_activate()
        if act == "ServeAndEnd":
            server.timeout = 1
            server.handle_request()
            time.sleep(0.5)
            raise RuntimeError("the server cannot go on")
        server.serve_forever()
