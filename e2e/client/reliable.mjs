// The client's server layer behind a gateway that loses answers and refuses. The argument is the server's address.

import assert from "node:assert/strict";
import {
  createApiKey,
  createClient,
  dryRunMail,
  getMailing,
  listMailings,
  MmmsError,
  rescheduleMailing,
  sendMail,
} from "mmms-client";
import { sendReliably, waitForMailing } from "mmms-client/server";
import { Gateway } from "./gateway.mjs";

const [base] = process.argv.slice(2);
const direct = createClient({ baseUrl: base });
const made = await createApiKey({ client: direct, body: { name: "reliable" }, throwOnError: true });
const apiKey = made.data.data.api_key;

const gateway = await Gateway.before(base);
const client = createClient({ baseUrl: gateway.url, apiKey });

const letter = (mail) => ({
  recipients: [{ mail }],
  sender_email: "team@example.com",
  sender_name: "The team",
  subject: "Hello",
  text_template: "Hello {{mail}}",
});

async function captured(mail) {
  const found = await fetch(`${base}/mailbox/api/messages?${new URLSearchParams({ search: mail })}`);
  return (await found.json()).data.total;
}

async function through(name, planned, steps) {
  gateway.plan(planned);
  await steps();
  console.log(`ok  ${name}`);
}

await through("a lost answer and a refusal are asked again, and one mail is sent", ["lose", "refuse 1"], async () => {
  const answer = await sendReliably({ client, body: letter("lost@example.com") });
  assert.equal(answer.status, 200);
  assert.deepEqual(
    gateway.seen.map(({ fault }) => fault),
    ["lose", "refuse 1", "carry"],
  );
  assert.equal(new Set(gateway.seen.map(({ key }) => key)).size, 1, "one Idempotency-Key");
  assert.ok(gateway.seen[2].at - gateway.seen[1].at >= 990, "not before Retry-After");
  assert.equal(await captured("lost@example.com"), 1);
});

await through("what changes while it waits does not get in", ["refuse 1"], async () => {
  const body = letter("first@example.com");
  const sending = sendReliably({ client, body });
  body.recipients[0].mail = "second@example.com";
  await sending;
  assert.equal(await captured("first@example.com"), 1);
  assert.equal(await captured("second@example.com"), 0);
});

await through("the same key sends once, from whatever process", [], async () => {
  const mail = { client, body: letter("once@example.com"), idempotencyKey: "order 4711" };
  const [first, second] = [await sendReliably(mail), await sendReliably(mail)];
  assert.deepEqual(first, second);
  assert.equal(await captured("once@example.com"), 1);
});

await through("a dry run tells what would be sent, and sends nothing", [], async () => {
  const body = { ...letter(""), recipients: [{ mail: "tried@example.com" }, { mail: "tried@example.com" }] };
  const { data } = await dryRunMail({ client, body, throwOnError: true });
  assert.deepEqual(data.data.accepted, [0, 1]);
  assert.deepEqual(data.data.repeated, [1]);
  assert.equal(data.data.first.text, "Hello tried@example.com");
  assert.equal(await captured("tried@example.com"), 0);
});

await through("a planned mail is found by its key, moved to now and sent", [], async () => {
  const body = { ...letter("planned@example.com"), send_at: new Date(Date.now() + 86_400_000).toISOString() };
  const queued = await sendReliably({ client, body, idempotencyKey: "plan 1" });
  assert.equal(queued.status, 202);
  const { data: found } = await listMailings({ client, query: { idempotency_key: "plan 1" }, throwOnError: true });
  assert.deepEqual(
    found.data.items.map(({ id, send_at }) => ({ id, send_at })),
    [{ id: queued.data.id, send_at: body.send_at }],
  );
  const now = { send_at: new Date().toISOString() };
  const path = { id: queued.data.id };
  const { data: moved } = await rescheduleMailing({ client, path, body: now, throwOnError: true });
  assert.equal(moved.data.moved, 1);
  const mailing = await waitForMailing({ client, id: queued.data.id, interval: 50 });
  assert.equal(mailing.counts.sent, 1);
});

await through("a fault of the request is not asked again", [], async () => {
  const wrong = { ...letter("wrong@example.com"), subject: "" };
  const error = await sendReliably({ client, body: wrong }).catch((error) => error);
  assert.ok(error instanceof MmmsError);
  assert.equal(error.status, 400);
  assert.equal(error.error_type, "validation_error");
  assert.equal(error.errors[0].field, "subject");
  assert.match(error.request_id, /./);
  assert.equal(gateway.seen.length, 1);
});

await through("it ends after so many attempts", ["lose", "lose", "lose"], async () => {
  const sending = sendReliably({ client, body: letter("bounded@example.com"), attempts: 2 });
  await assert.rejects(sending, TypeError);
  assert.equal(gateway.seen.length, 2);
});

await through("it does not wait longer than five minutes", ["refuse 301"], async () => {
  const error = await sendReliably({ client, body: letter("patient@example.com") }).catch((error) => error);
  assert.ok(error instanceof MmmsError);
  assert.equal(error.retry_after, 301);
  assert.equal(gateway.seen.length, 1);
});

await through("it ends when it is told to", ["refuse 300"], async () => {
  const stop = new AbortController();
  const sending = sendReliably({ client, body: letter("stopped@example.com"), signal: stop.signal });
  const watch = setInterval(() => gateway.seen.length && stop.abort(new Error("enough")), 5);
  await assert.rejects(sending, /enough/);
  clearInterval(watch);
  assert.equal(await captured("stopped@example.com"), 0);
});

await through("without retries, a gateway's answer rejects and has no error type", ["refuse 1"], async () => {
  const error = await sendMail({ client, body: letter("gateway@example.com") }).catch((error) => error);
  assert.ok(error instanceof MmmsError);
  assert.equal(error.status, 429);
  assert.equal(error.error_type, null);
  assert.equal(error.retry_after, 1);
});

await through("without retries, an error of the service is a value", [], async () => {
  const { data, error } = await getMailing({ client, path: { id: "00000000-0000-7000-8000-000000000000" } });
  assert.equal(data, undefined);
  assert.equal(error.error_type, "not_found");
});

await through("waiting bears with a gateway that loses answers", ["carry", "lose", "refuse 1"], async () => {
  const recipients = Array.from({ length: 120 }, (_, at) => ({ mail: `reader${at}@example.com` }));
  const queued = await sendReliably({ client, body: { ...letter(""), recipients } });
  assert.equal(queued.status, 202);
  const looks = [];
  const onProgress = ({ done, total }) => looks.push({ done, total });
  const mailing = await waitForMailing({ client, id: queued.data.id, interval: 50, onProgress });
  assert.equal(mailing.counts.sent, 120);
  assert.deepEqual(looks.at(-1), { done: 120, total: 120 });
  assert.deepEqual(
    looks,
    looks.toSorted((one, other) => one.done - other.done),
  );
});

gateway.close();
