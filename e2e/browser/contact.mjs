// The client's contact form, bundled, on three origins: the key's own, one of another key, and one of no key.
// Arguments: the server's address, and the folder with the page and its bundle.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { check, run } from "./chromium.mjs";
import { Client } from "./client.mjs";

const LARGEST = 10_000;

const folder = process.argv[3];
const bundle = await readFile(join(folder, "contact.js"));
const scripts = { "/contact.js": bundle, "/page.js": await readFile(join(folder, "page.js")) };
let page = "";

/** Its port makes it an origin. */
async function site() {
  const server = createServer((request, response) => {
    const script = scripts[request.url];
    if (script) return response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

await run(async ({ base, open }) => {
  const client = new Client(base);
  const [own, foreign, unknown] = [await site(), await site(), await site()];
  const senders = ["website@example.com"];
  await client.newKey({ name: "another page's", origins: [foreign], senders });
  const key = await client.newKey({ name: "contact form", origins: [own], senders });
  page = (await readFile(join(folder, "index.html"), "utf8"))
    .replace("http://127.0.0.1:8000", base)
    .replace("mmms_…", key);
  check("the page names the server and the key", page.includes(`data-mmms="${base}" data-key="${key}"`), page);

  const size = gzipSync(bundle, { level: 9 }).length;
  check(`a page that only sends has ${size} bytes of script`, size < LARGEST, size);

  /** Fills in the form on an origin, and gives what the page says then. */
  async function submit(origin, settings = {}) {
    const tab = await open({ beside: [origin], ...settings });
    const said = [];
    tab.on("console", (message) => said.push(message.text()));
    await tab.goto(origin);
    await tab.getByLabel("Your name").fill("Ada <b>Lovelace</b>");
    await tab.getByLabel("Your address").fill("ada@example.net");
    await tab.getByLabel("Message").fill("Is the engine ready?");
    await tab.getByRole("button", { name: "Send" }).click();
    const status = tab.getByRole("status");
    await status.filter({ hasText: /\.$/ }).waitFor();
    return { says: await status.textContent(), said };
  }

  const sent = await submit(own);
  check("on the key's origin it is sent", sent.says === "Thank you, your message is sent.", sent);
  const [captured, ...others] = (await client.captured()).items;
  check("the mailbox has one mail", captured !== undefined && others.length === 0, [captured, ...others]);
  const message = await client.message(captured.id);
  check("with what was written", message.text.includes("Ada <b>Lovelace</b> <ada@example.net> wrote:"), message.text);
  check("to be answered to its writer", JSON.stringify(message.reply_to).includes("ada@example.net"), message.reply_to);

  const left = await open({ beside: [own] }).then(async (tab) => {
    await tab.goto(own);
    return tab.evaluate(
      async ([base, key]) => {
        const body = JSON.stringify({
          sender_email: "website@example.com",
          sender_name: "Website",
          subject: "From a page",
          text_template: "Hello.",
          recipients: [{ mail: "info@example.com" }],
        });
        const headers = { "content-type": "application/json", "x-api-key": key };
        const { status, headers: told } = await fetch(`${base}/v1/mail`, { method: "POST", headers, body });
        return { status, left: told.get("RateLimit"), policy: told.get("RateLimit-Policy") };
      },
      [base, key],
    );
  });
  check(
    "the page reads what is left of the key's limits",
    left.status === 200 &&
      /^"requests-minute";r=\d+;t=\d+, /.test(left.left) &&
      left.policy === '"requests-minute";q=60;w=60, "recipients-minute";q=60;w=60, "recipients-day";q=1000;w=86400',
    left,
  );

  const refused = await submit(foreign, { tolerates: ({ text }) => text.includes("status of 403") });
  check("on the origin of another key the page reads why", refused.says === "This page may not send mail.", refused);

  const withheld = ({ text }) => text.includes("blocked by CORS policy") || text.includes("net::ERR_FAILED");
  const silent = await submit(unknown, { tolerates: withheld });
  check(
    "on an origin of no key there is no answer",
    silent.says === "The mail service cannot be reached from here.",
    silent,
  );
  check(
    "but a TypeError",
    silent.said.some((line) => line.startsWith("no answer: TypeError: Failed to fetch")),
    silent.said,
  );
  check(
    "for the browser stopped the request",
    silent.said.some((line) => line.includes("blocked by CORS policy")),
    silent.said,
  );
  check("neither has sent anything", (await client.captured()).total === 2);

  /** Sends with the class `Mmms` from an origin, and counts the requests that the browser tried. */
  async function sendWithClass(origin, settings = {}) {
    const tab = await open({ beside: [origin], ...settings });
    let asked = 0;
    tab.on("request", (request) => {
      if (request.method() === "POST") asked += 1;
    });
    await tab.goto(origin);
    const result = await tab.evaluate(
      ([base, key]) => import("/page.js").then(() => globalThis.send(base, key)),
      [base, key],
    );
    return { ...result, asked };
  }

  const byClass = await sendWithClass(own);
  check("the class sends on the key's origin", byClass.status === "sent", byClass);
  const told = await sendWithClass(foreign, { tolerates: ({ text }) => text.includes("status of 403") });
  check("and reads why it may not on another key's", told.type === "authorization_error", told);
  const unanswered = await sendWithClass(unknown, { tolerates: withheld });
  check(
    "and on no key's it has an error that says where to look",
    unanswered.type === "network_error" && unanswered.message.includes(base) && unanswered.message.includes("CORS"),
    unanswered,
  );
  check("a page asks once", told.asked === 1 && unanswered.asked === 1, [told, unanswered]);
});
