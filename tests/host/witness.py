"""Whoever the daemon shows its secrets to, in the container: operators by SMPP and HTTP, the client-support system.

Run as a program there, with nothing but Debian's Python: every request, whole, is a line of JSON in the file named. The
bind is heard and refused by silence; HTTP is answered with 200, and a question about a client with "no such client".
"""

import http.server
import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any

SMPP_PORT, HTTP_PORT = 2775, 8080
LONGEST_BIND = 200


def note(file: Path, **said: Any) -> None:
    """Keep what was said."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(said) + "\n")


def listen_to_binds(file: Path) -> None:
    """Take connections for ever and keep the first octets of each: a bind has its password in the clear."""
    with socket.create_server(("127.0.0.1", SMPP_PORT)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                note(file, path="bind", headers={}, body=connection.recv(LONGEST_BIND).decode("latin-1"))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by HTTP."""

    file: Path

    def do_POST(self) -> None:
        """Keep a request and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        note(self.file, path=self.path, headers=headers, body=body.decode("utf-8"))
        known = not self.path.endswith("/client")
        answer = b"{}" if known else b'{"error": "no such client"}'
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.file = Path(sys.argv[1])
    threading.Thread(target=listen_to_binds, args=[Handler.file], daemon=True).start()
    http.server.ThreadingHTTPServer(("127.0.0.1", HTTP_PORT), Handler).serve_forever()
