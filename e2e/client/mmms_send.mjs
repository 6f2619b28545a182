// Sending with the class `Mmms`, also behind a gateway with faults. The argument is the server's address.

import assert from "node:assert/strict";
import { createApiKey, createClient, Mmms, MmmsError } from "mmms-client";
import { Gateway } from "./gateway.mjs";

const [base] = process.argv.slice(2);
const made = await createApiKey({
  client: createClient({ baseUrl: base }),
  body: { name: "class" },
  throwOnError: true,
});
const { id: keyId, api_key: apiKey } = made.data.data;
const gateway = await Gateway.before(base);
const mmms = new Mmms({ baseUrl: `${gateway.url}/`, apiKey });

const letter = (to, more = {}) => ({ from: "News <news@example.org>", to, subject: "Hello", text: "Hello", ...more });

async function captured(search) {
  const found = await fetch(`${base}/mailbox/api/messages?${new URLSearchParams({ search })}`);
  return (await found.json()).data.items;
}

async function through(name, planned, steps) {
  gateway.plan(planned);
  await steps();
  console.log(`ok  ${name}`);
}

/** The error of a result, which has no data. */
function errorIn({ data, error }) {
  assert.equal(data, null);
  assert.ok(error instanceof MmmsError);
  return error;
}

await through("one mail is sent, with everything that it may have", [], async () => {
  const to = { mail: "ada@example.com", name: "Ada", variables: { day: "Tuesday" } };
  const { data, error } = await mmms.mail.send(
    letter(to, {
      text: null,
      html: "<p>See you on {{day}}</p>",
      replyTo: "Answers <answers@example.org>",
      cc: ["copy@example.com", '"Doe, Jane" <jane@example.com>'],
      bcc: { mail: "blind@example.com" },
      attachments: [
        { filename: "text.txt", content: Buffer.from("text"), content_type: "text/plain" },
        { filename: "coded.txt", content: btoa("coded") },
      ],
      headers: { "X-Campaign": "autumn" },
      email_id: 7,
    }),
  );
  assert.equal(error, null);
  assert.equal(data.status, "sent");
  assert.equal(data.accepted, 1);
  assert.deepEqual(data.suppressed_copies, []);
  const [{ id }] = await captured("ada@example.com");
  const mail = (await (await fetch(`${base}/mailbox/api/messages/${id}`)).json()).data;
  assert.equal(mail.message_id, data.message_id);
  assert.equal(mail.html, "<p>See you on Tuesday</p>");
  assert.deepEqual(mail.from, { name: "News", mail: "news@example.org" });
  assert.deepEqual(mail.reply_to, [{ name: "Answers", mail: "answers@example.org" }]);
  assert.deepEqual(mail.cc.at(1), { name: "Doe, Jane", mail: "jane@example.com" });
  assert.deepEqual(
    mail.attachments.map(({ filename, size }) => [filename, size]),
    [
      ["text.txt", 4],
      ["coded.txt", 5],
    ],
  );
});

await through("an array is a mailing, a mail for each", [], async () => {
  const to = ["one@example.com", "Two <two@example.com>", { mail: "three@example.com" }];
  const { data } = await mmms.mail.send(letter(to));
  assert.equal(data.status, "queued");
  assert.equal(data.accepted, 3);
  assert.equal(data.message_id, null);
  const { data: mailing } = await mmms.mail.wait(data.id, { interval: 20 });
  assert.equal(mailing.counts.sent, 3);
  assert.deepEqual((await captured("two@example.com"))[0].to, [{ name: "Two", mail: "two@example.com" }]);
});

await through("ten thousand recipients are one request, and one more is refused", [], async () => {
  const many = Array.from({ length: 10_001 }, (_, at) => `reader${at}@example.com`);
  const send_at = new Date(Date.now() + 86_400_000);
  const { data } = await mmms.mail.send(letter(many.slice(1), { send_at }));
  assert.equal(data.accepted, 10_000);
  await mmms.mail.cancel(data.id);
  assert.equal(errorIn(await mmms.mail.send(letter(many))).fields[0].field, "recipients");
});

await through("names are read as RFC 5322 has them", [], async () => {
  for (const [at, [from, name, mail]] of [
    ["news@example.org", "news@example.org"],
    ["<news@example.org>", "news@example.org"],
    ["  Example News  <news@example.org> ", "Example News"],
    ["Example  News<news@example.org>", "Example News"],
    ["J. Doe-Smith <j.doe+x@example.org>", "J. Doe-Smith", "j.doe+x@example.org"],
    ["Müller & Söhne <news@example.org>", "Müller & Söhne"],
    ['"Doe, Jane" <news@example.org>', "Doe, Jane"],
    ['"The \\"News\\" \\\\ <daily>" <news@example.org>', 'The "News" \\ <daily>'],
    ['The "Daily" News <news@example.org>', "The Daily News"],
    ['"" <news@example.org>', "news@example.org"],
    [{ mail: "news@example.org", name: "Doe, Jane" }, "Doe, Jane"],
  ].entries()) {
    const { error } = await mmms.mail.send(letter(`name${at}@example.com`, { from }));
    assert.equal(error, null, `${from}: ${error}`);
    const [message] = await captured(`name${at}@example.com`);
    assert.deepEqual(message.from, { name, mail: mail ?? "news@example.org" });
  }
});

await through("addresses that cannot be read are an error, and nothing is asked", [], async () => {
  for (const from of [
    "Doe, Jane <news@example.org>",
    "News (dev) <news@example.org>",
    '"News <news@example.org>',
    "News <>",
    "News <news@example.org",
    "News news@example.org",
    "News <a@example.org> <b@example.org>",
    "<a@example.org>, <b@example.org>",
    "News\r\nBcc: x <news@example.org>",
    " ",
    `${"a ".repeat(50_000)}( <news@example.org>`,
  ]) {
    const error = errorIn(await mmms.mail.send(letter("ada@example.com", { from })));
    assert.equal(error.type, "validation_error");
    assert.equal(error.status, 400);
    assert.deepEqual(
      error.fields.map(({ field }) => field),
      ["from"],
      from,
    );
  }
  const several = errorIn(
    await mmms.mail.send(letter(["a@example.com", "b b"], { from: "<", cc: "c c", replyTo: [">"] })),
  );
  assert.deepEqual(
    several.fields.map(({ field }) => field),
    ["from", "to.1", "replyTo.0", "cc"],
  );
  assert.match(String(several), /\n {2}to\.1: must be an address/);
  assert.match(String(errorIn(await mmms.mail.send(letter("a@example.com", { email_id: 1n })))), /BigInt/);
  assert.equal(errorIn(await mmms.mail.send(undefined)).type, "validation_error");
  assert.equal(gateway.seen.length, 0);
});

await through("an error of the service names its fields and the request", [], async () => {
  const error = errorIn(await mmms.mail.send(letter(["ada@example.com", "nobody"], { subject: "" })));
  assert.equal(error.type, "validation_error");
  assert.equal(error.status, 400);
  assert.deepEqual(
    error.fields.map(({ field }) => field),
    ["recipients.1.mail", "subject"],
  );
  assert.match(error.requestId, /./);
  assert.ok(String(error).startsWith(`MmmsError: ${error.message} (validation_error`), String(error));
  assert.match(String(error), /\n {2}recipients\.1\.mail: must be an address with one @\n/);
  assert.ok(String(error).endsWith(`\n  request id: ${error.requestId}`), String(error));
  assert.equal(JSON.parse(JSON.stringify({ error })).error.message, error.message);
  const { error_type, errors, request_id, retry_after } = error;
  assert.deepEqual([error_type, errors, request_id, retry_after], [error.type, error.fields, error.requestId, null]);
  const stranger = new Mmms({ baseUrl: gateway.url, apiKey: "no key of this service" });
  assert.equal(errorIn(await stranger.mail.send(letter("ada@example.com"))).type, "authentication_error");
  assert.equal(gateway.seen.length, 2, "neither is asked again");
});

await through("a lost answer, pages and refusals are asked again", ["lose", "page 502", "refuse 1"], async () => {
  const { data } = await mmms.mail.send(letter("lost@example.com"));
  assert.equal(data.status, "sent");
  assert.deepEqual(gateway.done, ["lose", "page 502", "refuse 1", "carry"]);
  assert.equal(new Set(gateway.seen.map(({ key }) => key)).size, 1);
  assert.match(gateway.seen[0].key, /^[0-9a-f]{32}$/);
  assert.ok(gateway.seen[3].at - gateway.seen[2].at >= 990, "not before Retry-After");
  assert.equal((await captured("lost@example.com")).length, 1);
});

await through("what changes while it waits does not get in", ["refuse 1"], async () => {
  const mail = letter("first@example.com");
  const sending = mmms.mail.send(mail);
  mail.to = "second@example.com";
  await sending;
  assert.equal((await captured("first@example.com")).length, 1);
  assert.equal((await captured("second@example.com")).length, 0);
});

await through("the same key sends once, also from another client", [], async () => {
  const options = { idempotencyKey: "order 4711" };
  const first = await mmms.mail.send(letter("once@example.com"), options);
  const other = new Mmms({ baseUrl: base, apiKey });
  assert.deepEqual(await other.mail.send(letter("once@example.com"), options), first);
  assert.equal((await captured("once@example.com")).length, 1);
  const unfit = errorIn(await other.mail.send(letter("once@example.com"), { idempotencyKey: "注文" }));
  assert.equal(unfit.fields[0].field, "idempotencyKey");
  const changed = errorIn(await other.mail.send(letter("other@example.com"), options));
  assert.equal(changed.type, "idempotency_conflict");
  const { data: found } = await mmms.mail.list({ idempotency_key: "order 4711" });
  assert.deepEqual(
    found.items.map(({ id }) => id),
    [first.data.id],
  );
});

for (const fault of [
  "page 502",
  "page 404",
  "page 200",
  "empty 502",
  "empty 200",
  "empty 204",
  "moved 301",
  "moved 308",
  "refuse 1",
  "cut",
]) {
  await through(`${fault} is an error of the gateway`, [fault], async () => {
    const error = errorIn(await mmms.mail.send(letter("gateway@example.com"), { attempts: 1 }));
    assert.equal(error.type, "gateway_error");
    assert.equal(error.error_type, null);
    assert.equal(error.url, gateway.url);
    assert.ok(error.message.includes(gateway.url), error.message);
    assert.match(error.message, /Check the address|Check that this is the address/);
    if (fault === "refuse 1") assert.equal(error.retryAfter, 1);
    if (fault !== "cut") assert.equal(error.status, fault === "refuse 1" ? 429 : Number(fault.split(" ")[1]));
  });
}

await through("no answer in time is one, and says so", ["hang", "hang"], async () => {
  const patient = new Mmms({ baseUrl: gateway.url, apiKey, timeout: 60, attempts: 2 });
  const error = errorIn(await patient.mail.send(letter("slow@example.com")));
  assert.equal(error.type, "timeout");
  assert.equal(error.status, 0);
  assert.match(error.message, /idempotencyKey/);
  assert.equal(gateway.seen.length, 2);
});

await through("a server that is not there is named", [], async () => {
  const nowhere = await Gateway.before(base);
  nowhere.close();
  const lost = new Mmms({ baseUrl: nowhere.url, apiKey, attempts: 2 });
  const error = errorIn(await lost.mail.send(letter("nowhere@example.com")));
  assert.equal(error.type, "network_error");
  assert.equal(error.status, 0);
  assert.ok(error.message.includes(`${nowhere.url}: fetch failed, ECONNREFUSED`), error.message);
  assert.match(error.message, /MMMS_URL/);
  assert.ok(error.cause instanceof TypeError);
});

await through("it ends when it is told to", ["refuse 300"], async () => {
  const stop = new AbortController();
  const sending = mmms.mail.send(letter("stopped@example.com"), { signal: stop.signal });
  const watch = setInterval(() => gateway.seen.length && stop.abort(), 5);
  assert.equal(errorIn(await sending).type, "aborted");
  clearInterval(watch);
});

await through("a dry run tells what would be sent, and sends nothing", [], async () => {
  const { data } = await mmms.mail.dryRun(letter(["tried@example.com", "tried@example.com"]));
  assert.deepEqual(data.accepted, [0, 1]);
  assert.deepEqual(data.repeated, [1]);
  assert.equal(errorIn(await mmms.mail.dryRun(letter("a b"))).fields[0].field, "to");
  assert.equal((await captured("tried@example.com")).length, 0);
});

await through("address and key come from the environment, and are named if they are missing", [], async () => {
  for (const [settings, ...names] of [
    [{ apiKey }, "baseUrl", "MMMS_URL"],
    [{ baseUrl: "", apiKey }, "baseUrl", "MMMS_URL"],
    [{ baseUrl: "mail.example.com", apiKey }, "baseUrl", "MMMS_URL"],
    [{ baseUrl: "ftp://mail.example.com", apiKey }, "baseUrl", "MMMS_URL"],
    [{ baseUrl: "https://ada:secret@mail.example.com", apiKey }, "baseUrl", "MMMS_URL"],
    [{ baseUrl: base }, "apiKey", "MMMS_API_KEY"],
    [{ baseUrl: base, apiKey: "mmms_…" }, "apiKey", "MMMS_API_KEY"],
  ]) {
    assert.throws(
      () => new Mmms(settings),
      (error) => {
        assert.ok(error instanceof MmmsError);
        assert.equal(error.type, "settings_error");
        for (const name of names) assert.ok(error.message.includes(name), error.message);
        assert.ok(!error.message.includes("secret"));
        return true;
      },
    );
  }
  process.env.MMMS_URL = base;
  process.env.MMMS_API_KEY = apiKey;
  const { data } = await new Mmms().mail.send(letter("environment@example.com"));
  assert.equal(data.status, "sent");
  const { data: mailing } = await new Mmms({}).mail.get(data.id);
  assert.equal(mailing.api_key_id, keyId);
});

gateway.close();
