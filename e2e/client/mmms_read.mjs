// The other methods of the class `Mmms`, also behind a gateway with faults. Arguments: the server's address, and the
// module folder with the reference implementation of webhooks.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { createApiKey, createClient, createWebhook, Mmms, MmmsError } from "mmms-client";
import { Gateway } from "./gateway.mjs";

const [base, reference] = process.argv.slice(2);
const made = await createApiKey({
  client: createClient({ baseUrl: base }),
  body: { name: "class" },
  throwOnError: true,
});
const apiKey = made.data.data.api_key;
const gateway = await Gateway.before(base);
const mmms = new Mmms({ baseUrl: gateway.url, apiKey });

const NOBODY = "00000000-0000-7000-8000-000000000000";
const later = () => new Date(Date.now() + 86_400_000);
const letter = (to, more = {}) => ({ from: "News <news@example.org>", to, subject: "Hello", text: "Hello", ...more });

async function through(name, planned, steps) {
  gateway.plan(planned);
  await steps();
  console.log(`ok  ${name}`);
}

/** The data of a result, which has no error. */
function dataIn({ data, error }) {
  assert.equal(error, null);
  return data;
}

const readers = Array.from({ length: 230 }, (_, at) => `reader${at}@example.com`);
const refused = ["refused@simulator.mmms.test", "refused+2@simulator.mmms.test"];
const mailing = dataIn(await mmms.mail.send(letter([...readers, ...refused], { email_id: "news" })));

await through("waiting shows the progress, and bears with a gateway", ["page 502", "lose"], async () => {
  const looks = [];
  const onProgress = ({ done, total }) => looks.push({ done, total });
  const { counts } = dataIn(await mmms.mail.wait(mailing.id, { interval: 20, onProgress }));
  assert.equal(counts.sent, 230);
  assert.equal(counts.failed, 2);
  assert.deepEqual(looks.at(-1), { done: 232, total: 232 });
  assert.equal((await mmms.mail.wait(NOBODY)).error.type, "not_found");
});

await through("recipients come page by page, through faults", ["carry", "page 502", "carry"], async () => {
  const seen = [];
  for await (const { index, recipient } of mmms.mail.recipients(mailing.id, { limit: 100 }))
    seen.push([index, recipient]);
  assert.deepEqual(seen, Array.from([...readers, ...refused].entries()));
  assert.equal(gateway.seen.length, 4);
});

await through("recipients can be picked by status, and a loop can be left", [], async () => {
  const failed = [];
  for await (const one of mmms.mail.recipients(mailing.id, { status: "failed" })) failed.push(one.recipient);
  assert.deepEqual(failed, refused);
  for await (const one of mmms.mail.recipients(mailing.id, { limit: 10 })) if (one.index === 4) break;
  assert.equal(gateway.seen.length, 2);
});

await through("one recipient has its events and its mail", [], async () => {
  const one = dataIn(await mmms.mail.recipient(mailing.id, 3));
  assert.equal(one.recipient, "reader3@example.com");
  assert.equal(one.events.at(-1).status, "sent");
  assert.equal(one.content.text, "Hello");
  assert.equal((await mmms.mail.recipient(mailing.id, 5000)).error.type, "not_found");
});

await through("recipients of all mailings are found by their address", [], async () => {
  const found = [];
  for await (const { id, index } of mmms.mail.find({ mail: "reader3@example.com" })) found.push([id, index]);
  assert.deepEqual(found, [[mailing.id, 3]]);
});

await through("a list that is awaited is a page", [], async () => {
  const first = dataIn(await mmms.mail.recipients(mailing.id, { limit: 2 }));
  assert.deepEqual(
    first.items.map(({ index }) => index),
    [0, 1],
  );
  const second = dataIn(await mmms.mail.recipients(mailing.id, { limit: 2, after: first.next }));
  assert.equal(second.items[0].index, 2);
  assert.equal((await mmms.mail.recipients(NOBODY)).error.type, "not_found");
  assert.equal((await mmms.mail.recipients(mailing.id, { status: "lost" })).error.type, "validation_error");
});

await through("a loop over a list that cannot be read throws the error", ["carry", "page 502"], async () => {
  const seen = [];
  const read = async () => {
    const list = mmms.mail.recipients(mailing.id, { limit: 100 }, { attempts: 1 });
    for await (const one of list) seen.push(one);
  };
  await assert.rejects(read, (error) => error instanceof MmmsError && error.type === "gateway_error");
  assert.equal(seen.length, 100);
});

await through("mailings are read and found", [], async () => {
  assert.equal(dataIn(await mmms.mail.get(mailing.id)).email_id, "news");
  const found = [];
  for await (const { id } of mmms.mail.list({ email_id: "news" })) found.push(id);
  assert.deepEqual(found, [mailing.id]);
  assert.equal((await mmms.mail.get(NOBODY)).error.status, 404);
});

await through("a planned mail is moved and cancelled", [], async () => {
  const { id } = dataIn(await mmms.mail.send(letter("planned@example.com", { send_at: later() })));
  const moved = dataIn(await mmms.mail.reschedule(id, later()));
  assert.equal(moved.moved, 1);
  assert.equal(dataIn(await mmms.mail.reschedule(id, later().toISOString())).moved, 1);
  assert.equal((await mmms.mail.reschedule(id, "some day")).error.type, "validation_error");
  assert.equal((await mmms.mail.reschedule(id, new Date("some day"))).error.type, "validation_error");
  assert.equal(dataIn(await mmms.mail.cancel(id)).cancelled, 1);
  assert.equal(dataIn(await mmms.mail.wait(id)).counts.cancelled, 1);
});

await through("a resend is repeated only if nothing was done", ["error 503", "refuse 0", "lose"], async () => {
  const lost = await mmms.mail.resend(mailing.id, "failed");
  assert.equal(lost.error.type, "network_error");
  assert.deepEqual(gateway.done, ["error 503", "refuse 0", "lose"]);
  assert.equal(dataIn(await mmms.mail.wait(mailing.id, { interval: 20 })).counts.failed, 2);
  assert.equal(dataIn(await mmms.mail.resend(mailing.id, "failed")).accepted, 2);
});

await through("an error of the service is asked again only where that helps", ["error 500", "error 503"], async () => {
  assert.equal((await mmms.mail.get(mailing.id)).error.type, "internal_error");
  assert.equal(dataIn(await mmms.mail.get(mailing.id)).id, mailing.id);
  assert.deepEqual(gateway.done, ["error 500", "error 503", "carry"]);
});

await through("the feed of events is read to its end, and followed from there", [], async () => {
  const sent = new Set();
  for await (const { status, recipient } of mmms.events.list({ limit: 100 }))
    if (status === "sent") sent.add(recipient);
  assert.deepEqual(sent, new Set(readers));
  let { items, next } = dataIn(await mmms.events.list());
  while (items.length > 0) ({ items, next } = dataIn(await mmms.events.list({ after: next })));
  await mmms.mail.send(letter("newest@example.com"));
  const news = dataIn(await mmms.events.list({ after: next }));
  assert.deepEqual(
    news.items.map(({ recipient }) => recipient),
    ["newest@example.com"],
  );
});

await through("suppressed addresses are added, found, imported and taken off", [], async () => {
  const list = "newsletter";
  const added = dataIn(await mmms.suppressions.add({ mail: "no@example.com", reason: "manual", list }));
  assert.equal(added.mail, "no@example.com");
  const entries = ["a@example.com", "b@example.com"].map((mail) => ({ mail, reason: "unsubscribe", list }));
  assert.equal(dataIn(await mmms.suppressions.import(entries)).accepted, 2);
  const found = [];
  for await (const { mail } of mmms.suppressions.list({ limit: 1 })) found.push(mail);
  assert.deepEqual(found.sort(), ["a@example.com", "b@example.com", "no@example.com"]);
  assert.equal(dataIn(await mmms.suppressions.list({ mail: "no@example.com" })).items[0].id, added.id);
  assert.equal(dataIn(await mmms.suppressions.remove(added.id)).id, added.id);
  assert.equal((await mmms.suppressions.remove(added.id)).error.type, "not_found");
});

await through("messages of webhooks are verified", [], async () => {
  const { Webhook } = createRequire(reference)("standardwebhooks");
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const payload = JSON.stringify({ type: "ping", timestamp: "2026-01-27T10:30:00.000Z", data: { webhook_id: "1" } });
  const headers = {
    "webhook-id": "msg-1",
    "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
    "webhook-signature": new Webhook(secret).sign("msg-1", new Date(), payload),
  };
  assert.deepEqual(dataIn(await mmms.webhooks.verify({ payload, headers, secret })), JSON.parse(payload));
  const missing = await mmms.webhooks.verify({ payload, headers });
  assert.equal(missing.error.type, "settings_error");
  assert.match(missing.error.message, /MMMS_WEBHOOK_SECRET/);
  const wrong = await mmms.webhooks.verify({ payload, headers, secret: "not base64!" });
  assert.equal(wrong.error.type, "settings_error");
  process.env.MMMS_WEBHOOK_SECRET = secret;
  assert.equal(dataIn(await mmms.webhooks.verify({ payload, headers: new Headers(headers) })).type, "ping");
  const forged = await mmms.webhooks.verify({ payload: `${payload} `, headers });
  assert.equal(forged.error.type, "invalid_signature");
});

await through("operations without a method take its client", [], async () => {
  const management = new Mmms({ baseUrl: base, adminToken: "an admin token of the operator" });
  const { error } = await createWebhook({ client: management.client, body: { url: "no address" } });
  assert.equal(error.error_type, "validation_error");
});

gateway.close();
