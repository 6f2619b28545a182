// A captured mail that tries to run code. The same HTML, served by another server as a plain page, shows
// that its attempts work.

import { once } from "node:events";
import { createServer } from "node:http";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";

const SCRIPTED = ["script", "img-onerror", "svg-onload", "onclick", "javascript-url"];
const LOADED = ["remote-image", "style-sheet", "background"];

const hits = new Set();
let plain = "";
const elsewhere = createServer((request, response) => {
  if (request.url === "/plain")
    return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(plain);
  hits.add(request.url.slice(1));
  return response.writeHead(204).end();
}).listen(0, "127.0.0.1");
await once(elsewhere, "listening");
elsewhere.unref();
const other = `http://127.0.0.1:${elsewhere.address().port}`;

// Each attempt is independent, so that a stopped attempt hides no other.
const act = (name) =>
  `document.title='ran ${name}';top.postMessage('ran ${name}','*');fetch('${other}/${name}',{mode:'no-cors'})`;
const HOSTILE = `<!doctype html><html><head>
<link rel="stylesheet" href="${other}/style-sheet">
<script>${act("script")}</script>
</head><body style="background: url(${other}/background)">
<h1>Harmless words</h1>
<img alt="" src="data:image/png;base64,AAAA" onerror="${act("img-onerror")}">
<img alt="" src="${other}/remote-image">
<svg onload="${act("svg-onload")}" width="1" height="1"></svg>
<button type="button" onclick="${act("onclick")}">Press</button>
<a href="javascript:void(${act("javascript-url").replaceAll(";", ",")})">Follow</a>
</body></html>`;

function listen(context) {
  return context.addInitScript(() => {
    if (window !== top) return;
    window.heard = [];
    addEventListener("message", ({ data }) => window.heard.push(data));
  });
}

async function provoke(place) {
  await place.getByRole("heading", { name: "Harmless words" }).waitFor();
  await place.getByRole("button", { name: "Press" }).click();
  await place.getByRole("link", { name: "Follow" }).click();
}

const blocked = ({ text }) =>
  text.startsWith("Blocked script execution") || text.includes("violates the following Content Security Policy");

await run(async ({ base, open, browser }) => {
  const client = new Client(base);
  await client.authenticate();
  await client.clear();
  await client.send({ subject: "Hostile", html_template: HOSTILE });
  const [{ id }] = (await client.captured("Hostile")).items;
  plain = (await client.message(id)).html;
  const part = `${base}/mailbox/api/messages/${id}/html`;
  const heard = (page) => page.evaluate(() => window.heard);
  const polled = (page) =>
    page.waitForResponse((response) => new URL(response.url()).pathname === "/mailbox/api/messages");

  await actsInAPlainPage();
  await isStillInTheMailbox();
  await isStillByTheFrameAlone();
  await isStillByItsPolicyAlone();

  async function actsInAPlainPage() {
    const context = await browser.newContext();
    await listen(context);
    const page = await context.newPage();
    await page.goto(`${other}/plain`);
    await provoke(page);
    for (const name of SCRIPTED)
      await eventually(
        `without protection, ${name} runs`,
        async () => (await heard(page)).includes(`ran ${name}`) && hits.has(name),
      );
    for (const name of LOADED) await eventually(`without protection, ${name} is fetched`, () => hits.has(name));
    check("without protection, the title changes", (await page.title()).startsWith("ran "));
    await context.close();
    hits.clear();
  }

  /** Opens it in the mailbox, provokes it, and lets two polls pass: more time than any attempt took above. */
  async function openInMailbox(page) {
    await listen(page.context());
    await page.goto(`${base}/mailbox#message=${id}`);
    await provoke(page.frameLocator("iframe"));
    await polled(page);
    await polled(page);
  }

  async function isStillInTheMailbox() {
    let refused = 0;
    const page = await open({ tolerates: (entry) => blocked(entry) && ++refused > 0 });
    await openInMailbox(page);
    check("in the mailbox, no script sends a message", (await heard(page)).length === 0, await heard(page));
    check("in the mailbox, the title stays", (await page.title()).includes("Mailbox"), await page.title());
    check("in the mailbox, nothing is fetched from elsewhere", hits.size === 0, [...hits]);
    check("the browser says that it stopped the attempts", refused > 0);
    await page.context().close();
  }

  async function isStillByTheFrameAlone() {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route(part, async (route) => {
      const response = await route.fetch();
      const { "content-security-policy": _, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await openInMailbox(page);
    check(
      "the frame alone stops every script",
      (await heard(page)).length === 0 && SCRIPTED.every((name) => !hits.has(name)),
      [...hits],
    );
    await context.close();
    hits.clear();
  }

  async function isStillByItsPolicyAlone() {
    const page = await open({ tolerates: blocked });
    await listen(page.context());
    await page.goto(part);
    await provoke(page);
    // The page is opened by itself, as a person might do: a round trip through it gives its code the time to run.
    await page.reload();
    await provoke(page);
    check("its policy alone stops every script", (await page.title()) === "" && hits.size === 0, [
      await page.title(),
      ...hits,
    ]);
  }
});
