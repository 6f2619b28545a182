"""Serves the receiver in `example.py` on a free port, and prints the port. The argument is its framework."""

import socket
import sys
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import example


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


def listening(port: int) -> None:
    print(f"listening on {port}", flush=True)


def serve(application: Any) -> None:
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    listening(server.server_port)
    server.serve_forever()


match sys.argv[1]:
    case "FastAPI":
        import uvicorn

        bound = socket.create_server(("127.0.0.1", 0))
        listening(bound.getsockname()[1])
        uvicorn.Server(uvicorn.Config(example.app, log_level="warning")).run(sockets=[bound])
    case "Flask":
        serve(example.app)
    case "Django":
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application
        from django.urls import path

        urlpatterns = [path("mmms", example.receive)]
        settings.configure(
            ALLOWED_HOSTS=["127.0.0.1"],
            MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
            ROOT_URLCONF=__name__,
            SECRET_KEY="of a test",
        )
        serve(get_wsgi_application())
    case other:
        raise SystemExit(f"no framework: {other}")
