// The examples of the client's README, compiled, as the frameworks call them. The argument is the server's address.

import assert from "node:assert/strict";
import { once } from "node:events";
import { changeWebhook, createApiKey, createClient, createWebhook, listDeliveries, testWebhook } from "mmms-client";

const [base] = process.argv.slice(2);
const client = createClient({ baseUrl: base });
const made = await createApiKey({ client, body: { name: "examples" }, throwOnError: true });
const apiKey = made.data.data.api_key;
const webhook = await createWebhook({ client, body: { url: "https://example.com/" }, throwOnError: true });
const { id: webhookId, secret } = webhook.data.data;
Object.assign(process.env, { MMMS_URL: base, MMMS_API_KEY: apiKey, MMMS_WEBHOOK_SECRET: secret, PORT: "0" });

async function captured(search) {
  const found = await fetch(`${base}/mailbox/api/messages?${new URLSearchParams({ search })}`);
  const { items } = (await found.json()).data;
  const read = ({ id }) => fetch(`${base}/mailbox/api/messages/${id}`).then((answer) => answer.json());
  return (await Promise.all(items.map(read))).map(({ data }) => data);
}

/** Waits until a check passes. */
async function eventually(check) {
  for (const end = Date.now() + 20_000; ; ) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function through(name, steps) {
  await steps();
  console.log(`ok  ${name}`);
}

const json = (body) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

await through("React Email renders a mail for each guest", async () => {
  const { welcome } = await import("./react.example.mjs");
  const guests = ["Ada", "Grace"].map((name, at) => {
    return { mail: `${name.toLowerCase()}@example.com`, name, variables: { seat: `<${at}>` } };
  });
  const { error } = await welcome(guests);
  assert.equal(error, null);
  await eventually(async () => {
    const [mail] = await captured("grace@example.com");
    assert.equal(mail.subject, "Welcome, Grace");
    assert.match(mail.html, /^<!DOCTYPE html/i);
    assert.match(mail.html.replaceAll("<!-- -->", ""), /<h1>Welcome, Grace!<\/h1><p>Your seat is &lt;1&gt;\.<\/p>/);
    assert.equal(mail.text, "Welcome, Grace! Your seat is <1>.");
  });
});

await through("a route handler of Next.js sends", async () => {
  const { POST } = await import("./route.example.mjs");
  const call = (body) => POST(new Request("https://www.example.com/api/contact", json(body)));
  const answer = await call({ mail: "Visitor <visitor@example.com>", message: "I like {{braces}}" });
  assert.equal(answer.status, 201);
  assert.match((await answer.json()).id, /^[0-9a-f-]{36}$/);
  const [mail] = await captured("visitor@example.com");
  assert.equal(mail.text.trimEnd(), "I like {{braces}}");
  assert.deepEqual(mail.reply_to, [{ name: "Visitor", mail: "visitor@example.com" }]);
  const refused = await call({ mail: "no address", message: "Hello" });
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).fields[0].field, "replyTo");
  process.env.MMMS_API_KEY = "no key of this service";
  assert.equal((await call({ mail: "visitor@example.com", message: "Hello" })).status, 502);
  process.env.MMMS_API_KEY = apiKey;
});

await through("a server action of Next.js sends", async () => {
  const { contact } = await import("./action.example.mjs");
  const form = new FormData();
  form.set("message", "From an action");
  assert.equal(await contact("", form), "Thank you, your message is on its way.");
  assert.equal((await captured("From an action")).length, 1);
  process.env.MMMS_API_KEY = "no key of this service";
  assert.equal(await contact("", form), "Your message was not sent.");
  process.env.MMMS_API_KEY = apiKey;
});

await through("an endpoint of Astro sends", async () => {
  const { POST } = await import("./astro.example.mjs");
  const body = new URLSearchParams({ message: "From an endpoint" });
  const request = new Request("https://www.example.com/api/contact", { method: "POST", body });
  assert.equal((await POST({ request })).status, 204);
  assert.equal((await captured("From an endpoint")).length, 1);
});

await through("a program with Express sends, and receives events", async () => {
  const { server } = await import("./express.example.mjs");
  if (!server.listening) await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const confirm = (order, mail) => fetch(`${url}/orders/${order}/confirmation`, json({ mail }));
  const first = await confirm(4711, "buyer@example.com");
  assert.equal(first.status, 201);
  assert.deepEqual(await (await confirm(4711, "buyer@example.com")).json(), await first.json());
  assert.equal((await captured("buyer@example.com")).length, 1, "an order is confirmed once");
  const refused = await confirm(4712, "nobody");
  assert.equal(refused.status, 400);
  const { error } = await refused.json();
  assert.equal(error.fields[0].field, "recipients.0.mail");

  const path = { id: webhookId };
  await changeWebhook({ client, path, body: { url: `${url}/events` }, throwOnError: true });
  await testWebhook({ client, path, throwOnError: true });
  await eventually(async () => {
    const { data } = await listDeliveries({ client, path, throwOnError: true });
    assert.equal(data.data.items[0]?.http_status, 204, JSON.stringify(data.data.items[0]));
  });
  assert.equal((await fetch(`${url}/events`, json({ type: "ping" }))).status, 400);
  server.close();
  server.closeAllConnections();
});
