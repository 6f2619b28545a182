"""Receives events of MMMS: pip install standardwebhooks; WEBHOOK_SECRET=whsec_… PORT=3000 python receiver.py"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
# An event may come more than once. A program with a database remembers the ids there.
seen = set()


def take(message_id, message):
    if message_id in seen:
        return
    seen.add(message_id)
    if message["type"] == "mail.bounced":
        print(f"{message['data']['recipient']} bounced", flush=True)
    else:
        print(message["type"], flush=True)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            self.answer(400)
            return
        take(self.headers["webhook-id"], json.loads(body))
        # Answer at once, and do what takes long afterwards: MMMS waits 15 seconds.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Handler)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
