// A person's use of the mailbox.

import { readFile } from "node:fs/promises";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg==";
const BYTES = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7) % 256));
const LETTER = {
  subject: "Grüße: please confirm",
  html_template: `<h1 style="color:#0f766e">Hello {{name}}</h1><p><a href="https://example.com/confirm?a=1&amp;b=2">Confirm</a></p><img id="dot" src="cid:dot" alt="dot">`,
  text_template: "Hello {{name}}, confirm at https://example.com/confirm?a=1&b=2.",
  cc: ["copy@example.com"],
  bcc: ["hidden@example.com"],
  reply_to: ["help@example.com"],
  headers: { "X-Campaign": "spring" },
  attachments: [
    { filename: "dot.png", content: PIXEL, content_type: "image/png", content_id: "dot" },
    { filename: "bytes.bin", content: BYTES.toString("base64"), content_type: "application/octet-stream" },
  ],
};

await run(async ({ base, open }) => {
  const client = new Client(base);
  await client.authenticate();
  await client.clear();
  // Only the part without network expects an error of the browser.
  let away = false;
  const page = await open({
    acceptDownloads: true,
    tolerates: ({ text }) => away && text.includes("ERR_INTERNET_DISCONNECTED"),
  });
  const row = (text) => page.locator(".row", { hasText: text });
  const rows = page.locator(".row");
  const count = (text) => page.locator("#count").getByText(text, { exact: true }).waitFor();
  const openTab = async (name) => {
    await page.getByRole("tab", { name }).click();
    await page.getByRole("tabpanel", { name }).waitFor();
  };

  await startsEmpty();
  await arrivesLive();
  await showsEveryPart();
  await tellsGoodLinksFromBroken();
  await showsOneMailing();
  await searches();
  await worksByKeyboard();
  await loadsMore();
  await recovers();
  await deletesAndClears();
  await fitsAPhone();

  async function startsEmpty() {
    const response = await page.goto(`${base}/mailbox`);
    const policy = response.headers()["content-security-policy"] ?? "";
    check(
      "the page has a policy that allows nothing inline",
      policy.includes("default-src 'none'") && !policy.includes("unsafe"),
      policy,
    );
    await page.getByRole("heading", { name: "No mail captured yet" }).waitFor();
    const command = await page.locator("#send-mail").textContent();
    check("an empty mailbox tells how to send a first mail", command.includes(`curl ${base}/v1/mail`), command);
  }

  async function arrivesLive() {
    await page.evaluate(() => {
      window.sameDocument = true;
    });
    await client.send({ subject: "The first", text_template: "One." });
    await row("The first").waitFor();
    await row("The first").click();
    await page.getByRole("heading", { name: "The first" }).waitFor();
    await client.send(LETTER);
    await row(LETTER.subject).waitFor();
    check("a new mail appears at the top", (await rows.first().textContent()).includes(LETTER.subject));
    check("it appears without a reload", await page.evaluate(() => window.sameDocument === true));
    check(
      "the open message stays open",
      (await row("The first").getAttribute("aria-current")) === "true" &&
        (await page.getByRole("heading", { name: "The first" }).isVisible()),
    );
  }

  async function showsEveryPart() {
    await row(LETTER.subject).click();
    const frame = page.frameLocator("iframe");
    await frame.getByRole("heading", { name: "Hello Ada Lovelace" }).waitFor();
    check(
      "the HTML is shown in a frame without any right",
      (await page.locator("iframe").getAttribute("sandbox")) === "",
    );
    await eventually("its inline image is shown", () =>
      frame.locator("#dot").evaluate((image) => image.naturalWidth === 1),
    );
    const facts = await page.locator("#facts").innerText();
    for (const fact of [
      "Planning <planning@example.com>",
      "Ada Lovelace <ada@example.com>",
      "copy@example.com",
      "hidden@example.com",
      "help@example.com",
      "recipient 0",
    ]) {
      check(`the message names ${fact}`, facts.includes(fact), facts);
    }
    await openTab("Text");
    check(
      "the text is shown",
      (await page.locator("#text").textContent()).startsWith("Hello Ada Lovelace, confirm at"),
    );
    await openTab("Links");
    const links = await page.locator("#links a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    check("its link is offered, once", links.join() === "https://example.com/confirm?a=1&b=2", links);
    await openTab("Headers");
    check(
      "a header is in the table",
      await page.locator("#headers tr", { hasText: "X-Campaign" }).getByText("spring", { exact: true }).isVisible(),
    );
    await openTab("Source");
    await page.locator("#source", { hasText: "X-Campaign: spring" }).waitFor();
    check("the source is shown", (await page.locator("#source").textContent()).includes("MIME-Version: 1.0"));
    await openTab(/^Attachments/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "bytes.bin" }).click(),
    ]);
    check("a download keeps its name", download.suggestedFilename() === "bytes.bin", download.suggestedFilename());
    check("a download has the same bytes", BYTES.equals(await readFile(await download.path())));
  }

  async function tellsGoodLinksFromBroken() {
    const broken = {
      "https://example.com/a b": "blank",
      " https://example.com/lead": "blank",
      "https://exam ple.com": "blank",
      "": "nowhere",
      "www.example.com": "https://",
      "https://": "no host",
      "https:///path": "no host",
      "https://example.com/100%": "%25",
      "https://example.com/{{ first-name }}": "placeholder",
      "https://example.com:port/": "no valid",
    };
    const good = ["https://example.com/a%20b", "https://example.com/?q=a+b&c=%C3%BC", "http://localhost:8000/x"];
    const all = [...Object.keys(broken), ...good].map((href) => `<a href="${href.replace("&", "&amp;")}">Go</a>`);
    const html = `${all.join(" ")} <a href=https://example.com/unquoted>Go</a> <a href="#top">Up</a>
      <a href="mailto:ada@example.com">Write</a>`;
    await client.send({ subject: "Links", html_template: html });
    await row("Links").click();
    await openTab("Links");
    const links = await page.locator("#links a").evaluateAll((entries) => entries.map((link) => link.textContent));
    check("what can be opened is a link", links.join() === [...good, "https://example.com/unquoted"].join(), links);
    const said = await page.locator("#links li:has(.broken)").allInnerTexts();
    check("what leads nowhere is none", said.length === Object.keys(broken).length, said);
    for (const [at, [href, why]] of Object.entries(broken).entries())
      check(`“${href}” is broken, and why`, said[at].includes("Broken") && said[at].includes(why), said[at]);
    const [{ id }] = (await client.captured("Links")).items;
    await page.getByRole("button", { name: "Delete" }).click();
    await eventually("it is gone", async () => !(await client.captured()).items.some((item) => item.id === id));
    await row(LETTER.subject).click();
  }

  async function showsOneMailing() {
    const [{ mailing_id: mailing }] = (await client.captured("The first")).items;
    await row("The first").click();
    await page.locator("#facts").getByRole("link", { name: "its other mails" }).click();
    await count("1 found");
    check("the list is narrowed to a mailing", (await row("The first").count()) === 1 && (await rows.count()) === 1);
    await page.reload();
    await count("1 found");
    check("the address keeps it", page.url().includes(`mailing=${mailing}`), page.url());
    const back = await page.getByRole("link", { name: "See it in the console" }).getAttribute("href");
    check("there is a way to the console", back === `/console#/mailings/${mailing}`, back);
    await page.getByRole("searchbox").fill("nothing has these words");
    await count("0 found");
    await page.getByRole("searchbox").fill("");
    await count("1 found");
    await page.getByRole("button", { name: "Show all mails" }).click();
    await count("2");
    check("and to all mails", (await rows.count()) === 2);
    check(
      "a subject is written its own way",
      (await rows.first().locator(".row-subject").getAttribute("dir")) === "auto",
    );
    await row(LETTER.subject).click();
    await page.getByRole("heading", { name: LETTER.subject }).waitFor();
  }

  async function searches() {
    await page.getByRole("searchbox").fill("GRÜ");
    await count("1 found");
    check("a search narrows the list", (await rows.count()) === 1 && (await row(LETTER.subject).count()) === 1);
    const address = page.url();
    check(
      "the address keeps the search and the message",
      address.includes("search=") && address.includes("message="),
      address,
    );
    await page.reload();
    await count("1 found");
    await page.getByRole("heading", { name: LETTER.subject }).waitFor();
    check("a reload shows both again", (await page.getByRole("searchbox").inputValue()) === "GRÜ");
    await page.getByRole("searchbox").fill("nothing has these words");
    await page.getByRole("button", { name: "Show all" }).click();
    await count("2");
    check("all can be shown again", (await rows.count()) === 2);
  }

  async function worksByKeyboard() {
    await rows.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "The first" }).waitFor();
    await page.getByRole("tab", { name: "Text" }).focus();
    await page.keyboard.press("ArrowRight");
    check(
      "arrow keys move between the parts",
      (await page.getByRole("tab", { name: "Headers" }).getAttribute("aria-selected")) === "true",
    );
    await page.keyboard.press("/");
    check(
      "a slash goes to the search",
      await page.getByRole("searchbox").evaluate((input) => input === document.activeElement),
    );
  }

  async function loadsMore() {
    const recipients = Array.from({ length: 70 }, (_, at) => ({ mail: `reader${at}@example.com` }));
    await client.send({ subject: "Newsletter", text_template: "News for {{mail}}.", recipients });
    await count("72");
    check("a page holds fifty", (await rows.count()) === 50, await rows.count());
    await page.getByRole("button", { name: "Load more" }).click();
    await eventually("the rest is loaded on demand", async () => (await rows.count()) === 72);
    const kept = row("The first");
    await kept.scrollIntoViewIfNeeded();
    const top = (await kept.boundingBox()).y;
    await client.send({ subject: "While reading further down", text_template: "Late." });
    await count("73");
    check("what was loaded stays", (await rows.count()) === 73, await rows.count());
    check("the list does not move under the reader", Math.abs((await kept.boundingBox()).y - top) < 2);
  }

  async function recovers() {
    away = true;
    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("The server does not answer").waitFor();
    check("a server that is away is said", true);
    await row("While reading").click();
    await client.send({ subject: "Sent meanwhile", text_template: "Hello." });
    await page.context().setOffline(false);
    await row("Sent meanwhile").waitFor();
    await page.getByRole("alert").waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: "While reading further down" }).waitFor();
    check("the page recovers by itself, with the message that was asked for", true);
    away = false;
  }

  async function deletesAndClears() {
    await row("Sent meanwhile").click();
    await page.getByRole("heading", { name: "Sent meanwhile" }).waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await count("73");
    check("a deleted message is gone from the list", (await row("Sent meanwhile").count()) === 0);
    check("and from the server", (await client.captured("Sent meanwhile")).total === 0);
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("button", { name: "Keep them" }).click();
    check("clearing can be called off", (await client.captured()).total === 73);
    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("heading", { name: "No mail captured yet" }).waitFor();
    check("clearing empties the mailbox", (await client.captured()).total === 0);
  }

  async function fitsAPhone() {
    await page.setViewportSize({ width: 360, height: 740 });
    const fits = async (what) => {
      const wide = await page.evaluate(
        () => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - window.innerWidth,
      );
      check(`${what} does not scroll sideways on a phone`, wide <= 0, wide);
    };
    await fits("the empty mailbox");
    await client.send({
      ...LETTER,
      subject: `Long${"words".repeat(30)}`,
      text_template: `Address https://example.com/${"x".repeat(300)}`,
    });
    await rows.first().waitFor();
    await fits("the list");
    await rows.first().click();
    for (const name of ["HTML", "Text", "Links", "Headers", "Source", /^Attachments/]) {
      await openTab(name);
      await fits(`the part ${name}`);
    }
    check("one thing is shown at a time", !(await rows.first().isVisible()));
    await page.getByRole("link", { name: "Messages", exact: true }).click();
    await rows.first().waitFor();
    check("one can go back to the list", true);
  }
});
