// A new user's way through the console without a terminal. Arguments: the server's address, and the folder for the
// pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { isAccessible, isStill, watchShifts } from "./page.mjs";

const folder = process.argv[3];
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  // The browser sees an error only in the parts that try a fault, a revoked key or no network.
  let mistaken = false;
  let refused = false;
  let away = false;
  const tolerates = ({ text }) =>
    (away && text.includes("ERR_INTERNET_DISCONNECTED")) ||
    (mistaken && text.includes("status of 400")) ||
    (refused && text.includes("status of 401"));
  const page = await open({ tolerates, permissions: ["clipboard-read", "clipboard-write"] });
  await watchShifts(page);
  const heading = (name, on = page) => on.getByRole("heading", { level: 1, name }).waitFor();
  const button = (name) => page.getByRole("button", { name, exact: true });
  const dialog = page.getByRole("dialog");
  const bar = page.getByRole("progressbar").first();
  const visit = (name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();

  await isBarred();
  const key = await makesAKey();
  await sendsToAThousand();
  await readsOneInTheMailbox();
  await cancels();
  await seesThePictures();
  await recovers();
  await plans();
  await bindsAKeyToPages();
  await changesAKey();
  const rotated = await rotates();
  await needsNoMouse();
  await erases();
  await revokes();

  async function isBarred() {
    const response = await page.goto(`${base}/console`);
    const policy = response.headers()["content-security-policy"] ?? "";
    check(
      "the page has a policy that allows nothing inline",
      policy.includes("default-src 'none'") && !policy.includes("unsafe"),
      policy,
    );
    await heading("Overview");
    await page.getByRole("heading", { name: "A first mail in a minute" }).waitFor();
    check("a new service says what to do first", true);
    check("the title names the page", (await page.title()) === "Overview – MMMS console", await page.title());
    await isAccessible(page, "a new overview");
  }

  async function makesAKey() {
    await page.getByRole("link", { name: "Make a key" }).click();
    await heading("Keys");
    await eventually("the focus is at the heading of the new page", () =>
      page.evaluate(() => document.activeElement?.tagName === "H1"),
    );
    await page.getByRole("heading", { name: "No key yet" }).waitFor();
    await isAccessible(page, "no keys");
    await button("Make a key").click();
    await dialog.getByLabel("Name").fill("newsletter");
    await isAccessible(page, "the dialog for a new key");
    await button("Make the key").click();
    const secret = await dialog.locator(".secret code").textContent();
    check("the key is shown", /^mmms_.{20}/.test(secret), secret);
    await button("Copy").click();
    await page.getByRole("status").getByText("The key copied").waitFor();
    check("it can be copied", (await page.evaluate(() => navigator.clipboard.readText())) === secret);
    await isAccessible(page, "the dialog with the key");
    await dialog.getByRole("link", { name: "Send a mail with it" }).click();
    await heading("Send mail");
    return secret;
  }

  async function sendsToAThousand() {
    await page.evaluate(() => {
      window.filled = [];
      setInterval(() => {
        const value = document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow");
        if (value && value !== window.filled.at(-1)) window.filled.push(value);
      }, 20);
    });
    await page.getByLabel("Subject").fill("The first newsletter");
    await button("Fill in 1,000 examples").click();
    await page.getByText("1,000 recipients", { exact: true }).waitFor();
    await isAccessible(page, "the mail to send");
    await button("Send to 1,000 recipients").click();
    await dialog.getByText("1,000 of 1,000 recipients").waitFor();
    await button("Send 1,000 mails").click();
    await heading("The first newsletter");
    await page.screenshot({ path: join(folder, "light-under-way.png") });
    await eventually(
      "the bar of 1,000 fills",
      async () => (await bar.getAttribute("aria-valuenow")) === "100" || bar.getAttribute("aria-valuetext"),
    );
    const filled = (await page.evaluate(() => window.filled)).map(Number);
    check(
      "it fills bit by bit, and never back",
      filled.length > 2 && filled.every((value, at) => at === 0 || value > filled[at - 1]),
      filled,
    );
    await page.getByText("1,000 of 1,000 recipients done").waitFor();
    await page.getByText("Ended", { exact: true }).waitFor();
    await eventually("every recipient shown is sent", async () => {
      const badges = await page.locator("td .badge").allTextContents();
      return badges.length === 50 && badges.every((badge) => badge === "Sent");
    });
    await button("Next 50").click();
    await page.getByRole("cell", { name: "99", exact: true }).waitFor();
    check(
      "the recipients can be turned over",
      (await page.getByRole("cell", { name: "49", exact: true }).count()) === 0,
    );
    await isStill(page, "until here");
  }

  async function readsOneInTheMailbox() {
    const mailing = page.url().split("/").at(-1);
    await page.getByRole("link", { name: "Open the mailbox" }).click();
    await page.locator("#count").getByText("1000 found", { exact: true }).waitFor();
    check("the mailbox shows this mailing alone", page.url().includes(mailing), page.url());
    await page.locator(".row", { hasText: "reader1@example.com" }).or(page.locator(".row").first()).first().click();
    await page.getByRole("heading", { name: "The first newsletter" }).waitFor();
    await page.getByText("this mail was sent from the console.").first().waitFor();
    check("the mail is in the mailbox", true);
    const facts = await page.locator("#facts").innerText();
    const [, index] = /recipient (\d+)/.exec(facts) ?? [];
    const address = /reader\d+@example\.com/.exec(facts)?.[0];
    await page.locator("#facts").getByRole("link", { name: mailing }).click();
    await heading("The first newsletter");
    check("a way leads back to the mailing", page.url().endsWith(mailing), page.url());
    const { items } = (await (await fetch(`${base}/v1/mail/${mailing}/recipients?limit=100`)).json()).data;
    const near = items.find((item) => item.index === Number(index) % 100);
    await page.locator("tbody tr").nth(49).waitFor();
    const shown = await page.locator("tbody tr", { hasText: items[7].recipient }).locator("td").first().innerText();
    check("a recipient has the same number everywhere", shown === String(items[7].index) && near !== undefined, shown);
    check("in the mailbox too", address === `reader${Number(index) + 1}@example.com`, facts);
    await page.goto("about:blank");
    await page.goto(`${base}/console`);
    await heading("Overview");
  }

  async function cancels() {
    await visit("Send");
    await heading("Send mail");
    check("a page loaded anew has forgotten the key", (await page.getByLabel("API key").count()) === 1);
    await page.getByLabel("API key").fill(key);
    await page.getByLabel("Subject").fill("One that is stopped");
    await button("Fill in 1,000 examples").click();
    await button("Send to 1,000 recipients").click();
    await dialog.getByText("1,000 of 1,000 recipients").waitFor();
    await button("Send 1,000 mails").click();
    await heading("One that is stopped");
    await button("Cancel…").click();
    await dialog.getByText("will not get the mail").waitFor();
    await button("Cancel the rest").click();
    await page.getByText("Ended", { exact: true }).waitFor();
    const words = await bar.getAttribute("aria-valuetext");
    check("the queued recipients are cancelled", / cancelled$/.test(words), words);
    await page.getByRole("button", { name: /^Cancelled/ }).click();
    await page.getByText("It was cancelled before it was sent.").first().waitFor();
    check("each says so in plain words", true);
  }

  async function seesThePictures() {
    await visit("Mailings");
    const rows = page.locator(".rows .row");
    await rows.first().waitFor();
    check("both mailings are listed", (await rows.count()) === 2, await rows.allTextContents());
    const body = {
      sender_email: "news@example.org",
      sender_name: "News",
      subject: "A late one",
      text_template: "Hello.",
      recipients: [{ mail: "ada@example.com" }],
    };
    const headers = { "content-type": "application/json", "x-api-key": key };
    await fetch(`${base}/v1/mail`, { method: "POST", headers, body: JSON.stringify(body) });
    await button("Show 1 new mailing").click();
    check("a new one is shown when one asks for it", (await rows.first().textContent()).includes("A late one"));
    await page.getByLabel("Show").selectOption("Under way");
    await page.getByText("No mailing matches the filters").waitFor();
    await button("Show all").click();
    await rows.first().waitFor();
    check("the list can be narrowed", true);
    await visit("Overview");
    const sent = page.locator(".tile", { hasText: "Sent in 24 hours" }).locator(".tile-figure");
    await eventually(
      "the overview has counted them",
      async () => Number((await sent.textContent()).replace(",", "")) >= 1000,
    );
    await page.locator(".plot canvas").nth(1).waitFor();
    check("a picture is drawn", (await page.locator(".plot canvas").count()) === 2);
    await page.getByText("The numbers as a table").click();
    check("its numbers are in a table", (await page.locator(".numbers tbody tr").count()) >= 1);
  }

  async function recovers() {
    away = true;
    await page.context().setOffline(true);
    await visit("Mailings");
    await page.getByRole("alert").getByText("The service does not answer").waitFor();
    check("a service that is away is said", true);
    await page.context().setOffline(false);
    await page.locator(".rows .row").first().waitFor();
    check("the page recovers by itself", (await page.getByRole("alert").count()) === 0);
    away = false;
  }

  /** A time so many days from now, as a field for a date and a time takes it. */
  function inDays(days) {
    const at = new Date(Date.now() + days * 86_400_000);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  }

  async function plans() {
    await visit("Send");
    await page.getByLabel("API key").fill(key);
    await page.getByLabel("Subject").fill("One for later");
    await page.getByLabel("Recipients").fill("ada@example.org\ngrace@example.org\nada@example.org");
    await page.getByLabel("Send at").fill(inDays(2));
    await button("Send to 3 recipients").click();
    await dialog.getByText("3 of 3 recipients").waitFor();
    const facts = await dialog.locator("dl").innerText();
    check("a dry run names who is there twice", facts.includes("ada@example.org"), facts);
    check("and when it begins", facts.includes("Begins"), facts);
    await isAccessible(page, "the question with a dry run");
    await page.screenshot({ path: join(folder, "light-dry-run.png") });
    await button("Do not send").click();
    const before = (await (await fetch(`${base}/v1/mail?limit=1`)).json()).data.items[0];
    check("a dry run sends nothing", before.subject !== "One for later", before);
    await button("Send to 3 recipients").click();
    await button("Send 3 mails").click();
    await heading("One for later");
    await page.locator(".state").getByText("Planned in 2 days").waitFor();
    check("a planned mailing is shown as one", (await page.getByText("Under way").count()) === 0);
    await page.screenshot({ path: join(folder, "light-planned.png") });
    await visit("Mailings");
    await page.locator(".rows .row", { hasText: "One for later" }).getByText("Planned in 2 days").click();
    await button("Reschedule…").click();
    mistaken = true;
    await dialog.getByLabel("Send at").fill(inDays(40));
    await isAccessible(page, "the dialog for another time");
    await button("Reschedule").click();
    await dialog.getByRole("alert").getByText("30 days").first().waitFor();
    mistaken = false;
    check("a time that is too far away is said to be", true);
    await dialog.getByLabel("Send at").fill(inDays(5));
    await button("Reschedule").click();
    await page.locator(".state").getByText("Planned in 5 days").waitFor();
    await button("Reschedule…").click();
    await dialog.getByLabel("Send at").fill(inDays(-0.001));
    await button("Reschedule").click();
    await page.getByText("3 of 3 recipients done").waitFor();
    check("a planned mailing is moved, and sent", true);
  }

  async function bindsAKeyToPages() {
    await visit("Keys");
    await button("New key").click();
    await dialog.getByLabel("Name").fill("contact form");
    await dialog.getByLabel("For").selectOption("web pages");
    await dialog.getByLabel("Web pages").fill("https://www.example.com/contact");
    mistaken = true;
    await button("Make the key").click();
    await dialog.getByRole("alert").getByText("Web pages:").first().waitFor();
    mistaken = false;
    check("what is wrong is said at its field", true);
    await dialog.getByLabel("Web pages").fill("https://www.example.com");
    await dialog.getByLabel("May send as").fill("website@example.com, @example.net");
    await button("Make the key").click();
    await dialog.locator(".secret").waitFor();
    await button("Done").click();
    const card = page.getByRole("listitem", { name: "contact form" });
    await card.getByText("Browser key").waitFor();
    await card.getByRole("button", { name: "Add origins…" }).click();
    await dialog.getByLabel("Web pages").fill("https://shop.example.com https://*.example.net");
    await button("Add").click();
    await card.getByText("https://*.example.net").waitFor();
    check("origins are added", true);
    await card.getByRole("button", { name: "Remove https://shop.example.com" }).click();
    await button("Remove").click();
    await card.getByText("https://shop.example.com").waitFor({ state: "detached" });
    check("and removed", (await card.locator(".chip").count()) === 4, await card.locator(".chip").allTextContents());
  }

  async function changesAKey() {
    const card = page.getByRole("listitem", { name: "contact form" });
    const limits = "60 requests a minute, 60 recipients a minute, 1,000 recipients a day, 1 recipient a request";
    await card.getByText(limits).waitFor();
    check("a browser key shows its limits", true);
    await card.getByRole("button", { name: "Change…" }).click();
    await dialog.getByRole("group", { name: "Limits" }).waitFor();
    await isAccessible(page, "the dialog to change a key");
    await dialog.getByLabel("May send as").fill("");
    mistaken = true;
    await button("Save").click();
    await dialog.getByRole("alert").getByText("May send as:").first().waitFor();
    mistaken = false;
    check("a browser key without senders is refused at its field", true);
    await dialog.getByLabel("May send as").fill("website@example.com");
    await dialog.getByLabel("May write to").fill("info@example.com");
    await dialog.getByLabel("Requests a minute").fill("ten");
    await button("Save").click();
    await dialog.getByText("must be a whole number, or empty").first().waitFor();
    await dialog.getByLabel("Requests a minute").fill("");
    await dialog.getByLabel("Recipients a day").fill("1,200");
    await dialog.getByLabel("Expires").fill("2199-12-31T12:00");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await card.getByText("60 recipients a minute, 1,200 recipients a day, 1 recipient a request").waitFor();
    await card.getByText("info@example.com").waitFor();
    await card.getByText("Expires", { exact: true }).waitFor();
    await eventually("the focus is back at the button", () =>
      page.evaluate(() => document.activeElement?.textContent === "Change…"),
    );
    check("rules, limits and expiry are changed", (await card.getByText("website@example.com").count()) === 1);
    const sender = page.getByRole("listitem", { name: "newsletter" });
    await sender.locator("dt", { hasText: "Last used" }).waitFor();
    check("a key that was used says when", (await sender.getByText("never").count()) === 0);
  }

  /** The secret after it. */
  async function rotates() {
    const card = page.getByRole("listitem", { name: "newsletter" });
    await card.getByRole("button", { name: "Rotate…" }).click();
    await dialog.getByLabel("The old secret works").selectOption("at once");
    await button("Make a new secret").click();
    const secret = await dialog.locator(".secret code").textContent();
    check("a key gets another secret", /^mmms_.{20}/.test(secret) && secret !== key, secret);
    await button("Done").click();
    return secret;
  }

  async function needsNoMouse() {
    const view = await open();
    await view.goto(`${base}/console`);
    await heading("Overview", view);
    const focused = () =>
      view.evaluate(() => {
        const element = document.activeElement;
        return (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim();
      });
    const tabTo = async (name) => {
      for (let presses = 0; presses < 30; presses += 1) {
        await view.keyboard.press("Tab");
        if ((await focused()) === name) return;
      }
      throw new Error(`the Tab key does not come to ${name}, but to ${await focused()}`);
    };
    await view.keyboard.press("Tab");
    check("the first stop leads past the navigation", (await focused()) === "Skip to the content", await focused());
    check(
      "where the focus is can be seen",
      await view.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none"),
    );
    await tabTo("Keys");
    await view.keyboard.press("Enter");
    await heading("Keys", view);
    await tabTo("New key");
    await view.keyboard.press("Enter");
    await view.getByRole("dialog").waitFor();
    await view.keyboard.type("made by keyboard");
    await view.keyboard.press("Enter");
    await view.locator(".secret").waitFor();
    await view.keyboard.press("Escape");
    check("the key does not go with the Escape key", await view.locator(".secret").isVisible());
    await tabTo("Done");
    await view.keyboard.press("Enter");
    await view.getByRole("dialog").waitFor({ state: "detached" });
    await view.getByRole("heading", { name: "made by keyboard", exact: true }).waitFor();
    check("a key is made by keyboard alone", true);
    await eventually("the focus is back where it came from", async () => (await focused()) === "New key");
    await tabTo("Revoke…");
    await view.keyboard.press("Enter");
    await view.getByRole("dialog", { name: "Revoke made by keyboard?" }).waitFor();
    await view.keyboard.press("Escape");
    await view.getByRole("dialog").waitFor({ state: "detached" });
    await eventually("a question can be left", async () => (await focused()) === "Revoke…");
    await view.keyboard.press("Enter");
    await view.getByRole("dialog", { name: "Revoke made by keyboard?" }).waitFor();
    await tabTo("Revoke");
    await view.keyboard.press("Enter");
    await view.getByRole("heading", { name: "made by keyboard", exact: true }).waitFor({ state: "detached" });
    await eventually("what is gone leaves the focus at the heading", async () => (await focused()) === "Keys");
  }

  async function erases() {
    await visit("Erase");
    await page.getByLabel("Address").fill("reader7@example.com");
    await button("Erase…").click();
    await button("Erase for good").click();
    await page.getByText("Erased in 2 mailings, 2 recipients").waitFor();
    check("an address is erased", true);
    await saysWhenAnErasureGoesOn();
  }

  /** An erasure takes longer than its request only where there are very many mailings: its answer is made here. */
  async function saysWhenAnErasureGoesOn() {
    const erasure = "**/v1/erase";
    await page.route(erasure, async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      json.data.remaining = 2500;
      await route.fulfill({ response, json });
    });
    await page.getByLabel("Address").fill("reader8@example.com");
    await button("Erase…").click();
    await button("Erase for good").click();
    await page.getByText("2,500 more mailings are erased in the background").waitFor();
    const state = await page.locator(".notice").getAttribute("class");
    check("an erasure that goes on does not look finished", state.includes("is-unsure"), state);
    await page.unroute(erasure);
  }

  async function revokes() {
    await visit("Keys");
    const card = page.getByRole("listitem", { name: "newsletter" });
    await card.getByRole("button", { name: "Revoke…" }).click();
    await dialog.getByText("It stops working at once and for good.").waitFor();
    await button("Revoke").click();
    await card.waitFor({ state: "detached" });
    check("the key is revoked", true);
    await visit("Send");
    await page.getByLabel("API key").fill(rotated);
    refused = true;
    await button("Send").click();
    const alert = page.getByRole("alert");
    await alert.getByText("The service does not know this key or token").waitFor();
    check("and opens nothing any more, which is said in plain words", true);
    await isAccessible(page, "a fault");
    await page.screenshot({ path: join(folder, "light-fault.png") });
  }
});
