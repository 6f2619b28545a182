"""A gateway in front of MMMS that loses answers and refuses, as it is told."""

import http.client
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit


class Gateway:
    """Does to each request the next of its `faults`, and then carries what comes."""

    def __init__(self, base: str) -> None:
        self.faults: list[str] = []
        self.seen: list[tuple[str, float, str | None]] = []
        self._target = urlsplit(base).netloc
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                gateway._handle(self)

            do_GET = do_POST = do_DELETE = handle_one

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def through(self, *faults: str) -> None:
        """Plans the faults of the requests to come."""
        self.faults = list(faults)
        self.seen = []

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", "0")))
        verb, _, argument = (self.faults.pop(0) if self.faults else "carry").partition(" ")
        self.seen.append((verb, time.monotonic(), request.headers.get("idempotency-key")))
        if verb == "refuse":
            code, _, seconds = argument.partition(" ")
            self._answer(request, int(code), b'{"message":"Too Many Requests"}', seconds)
            return
        if verb == "page":
            self._answer(request, 200, b"<html>Please sign in</html>", "")
            return
        status, answer = self._carry(request, body)
        if verb == "lose":
            request.close_connection = True
            request.connection.close()
        else:
            self._answer(request, status, answer, "")

    def _carry(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._target, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _answer(self, request: BaseHTTPRequestHandler, status: int, body: bytes, retry_after: str) -> None:
        request.send_response(status)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(body)))
        if retry_after:
            request.send_header("retry-after", retry_after)
        request.end_headers()
        request.wfile.write(body)
