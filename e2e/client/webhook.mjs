// What `verifyWebhook` takes and what it refuses, compared with the reference implementation.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { verifyWebhook, WebhookError } from "mmms-client/server";

const require = createRequire(process.argv[2]);
const { Webhook } = require("standardwebhooks");

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const body = JSON.stringify({ type: "ping", timestamp: "2026-01-27T10:30:00.000Z", data: { webhook_id: "ü" } });

function headers({ id = "msg-1", at = new Date(), signers = [secret], signed = body } = {}) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signers.map((one) => new Webhook(one).sign(id, at, signed)).join(" "),
  };
}

const ago = (seconds) => new Date(Date.now() - seconds * 1000);
const expected = JSON.parse(body);

for (const given of [
  headers(),
  headers({ signers: [other, secret] }),
  headers({ signers: [secret, other] }),
  headers({ at: ago(290) }),
  headers({ at: ago(-290) }),
  new Headers(headers()),
  { ...headers(), "webhook-signature": `v1a,AAAA v1,???? ${headers()["webhook-signature"]}` },
]) {
  assert.deepEqual(await verifyWebhook(body, given, secret), expected);
  assert.deepEqual(await verifyWebhook(new TextEncoder().encode(body), given, [other, secret]), expected);
}

for (const [text, given] of [
  [`${body} `, headers()],
  [body, headers({ signers: [other] })],
  [body, headers({ at: ago(310) })],
  [body, headers({ at: ago(-310) })],
  [body, { ...headers(), "webhook-id": "msg-2" }],
  [body, { ...headers(), "webhook-timestamp": "now" }],
  [body, { ...headers(), "webhook-timestamp": "1e99" }],
  [body, { ...headers(), "webhook-timestamp": "NaN" }],
  [body, { ...headers(), "webhook-signature": "" }],
  [body, { ...headers(), "webhook-signature": "v1," }],
  [body, { ...headers(), "webhook-signature": headers()["webhook-signature"].replace("v1", "v2") }],
  [body, { ...headers(), "webhook-signature": undefined }],
  [body, { ...headers(), "webhook-id": ["a", "b"] }],
  [body, {}],
]) {
  await assert.rejects(verifyWebhook(text, given, secret), WebhookError);
}
await assert.rejects(verifyWebhook(body, headers(), "whsec_?"), TypeError);
await assert.rejects(verifyWebhook(body, headers(), ""), TypeError);
