// Finding mail, and the page of one message. Mail is captured. Arguments: the server's address, and the folder for the
// pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { fits, isAccessible, isStill, isTouchable, LOOKS, watchShifts } from "./page.mjs";

const folder = process.argv[3];
mkdirSync(folder, { recursive: true });
const ADDRESS = "bounce@simulator.amazonses.com";
/** The browser's word that the script of the mail has not run. */
const isBlocked = ({ text }) => text.includes("Blocked script execution in 'about:srcdoc'");

await run(async ({ base, open }) => {
  const client = new Client(base);
  client.key = await client.newKey({ name: "newsletter" });
  const single = await client.send({
    subject: "Hello {{name}}",
    html_template: '<p style="color: green">Dear {{name}}</p><script>document.title = "gone"</script>',
    text_template: "Dear {{name}}",
    headers: { "X-Own": "for {{name}}" },
    email_id: "order-7",
    recipients: [{ mail: ADDRESS, name: "Ada & Co" }],
  });
  const { id } = await client.send({
    subject: "News",
    text_template: "News.",
    recipients: ["refused@simulator.mmms.test", "grace@example.com"].map((mail) => ({ mail })),
  });
  await eventually("all is settled", async () => {
    const [first, { counts }] = [await client.mailing(single.id), await client.mailing(id)];
    return (first.counts.bounced === 1 && counts.failed === 1 && counts.sent === 1) || counts;
  });
  let away = false;
  const page = await open({
    tolerates: (said) => isBlocked(said) || (away && said.text.includes("ERR_INTERNET_DISCONNECTED")),
  });
  await watchShifts(page);
  const rows = page.locator("tbody tr");
  const field = page.getByLabel("Address or id");
  const find = async (text) => {
    await field.fill(text);
    await field.press("Enter");
  };
  const shows = (what, expected) =>
    eventually(what, async () => {
      const found = await rows.locator("td:first-child").allInnerTexts();
      return found.join() === expected.join() || found;
    });
  const chip = (text) => page.locator(".chip", { hasText: text }).waitFor();

  await page.goto(`${base}/console`);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await isFoundByTheKeyboard();
  await anIdIsEnough();
  await theStatusNarrows();
  await oneMessageTellsItsStory();
  await aMessageThatFailedSaysWhy();
  await whatIsNotThereIsSaid();
  await aServiceThatIsAwayIsSaid();
  await eachLookIsForEverybody();

  async function isFoundByTheKeyboard() {
    await page.keyboard.press("/");
    await page.getByRole("heading", { level: 1, name: "Find mail" }).waitFor();
    await eventually("the field has the focus", () => field.evaluate((element) => element === document.activeElement));
    await shows("all mail is shown first", ["grace@example.com", "refused@simulator.mmms.test", ADDRESS]);
    await page.keyboard.type(ADDRESS.toUpperCase());
    await page.keyboard.press("Enter");
    await chip(`Address: ${ADDRESS.toUpperCase()}`);
    await shows("an address is found", [ADDRESS]);
    await page.reload();
    await shows("a reload shows the same", [ADDRESS]);
    await page.keyboard.press("/");
    check("the key is a letter in the field", (await field.inputValue()) === "", await field.inputValue());
    await page.getByRole("button", { name: "Remove Address" }).press("Enter");
    await shows("a filter is removed", ["grace@example.com", "refused@simulator.mmms.test", ADDRESS]);
    await isStill(page, "the search");
  }

  async function anIdIsEnough() {
    await find(single.message_id);
    await chip("Message id:");
    await shows("a message id is found", [ADDRESS]);
    await find("order-7");
    await chip("email_id: order-7");
    await shows("the caller's id is found", [ADDRESS]);
    await find(id);
    await page.getByRole("heading", { level: 1, name: "News" }).waitFor();
    await page.goBack();
    await chip("email_id: order-7");
  }

  async function theStatusNarrows() {
    await page.getByRole("button", { name: "Remove email_id" }).click();
    await page.getByLabel("Status").selectOption("failed");
    await shows("the status narrows", ["refused@simulator.mmms.test"]);
    check("it is in the address", page.url().endsWith("#/find?status=failed"), page.url());
    await page.getByLabel("Status").selectOption("");
  }

  async function oneMessageTellsItsStory() {
    await rows.getByRole("link", { name: ADDRESS }).click();
    await page.getByRole("heading", { level: 1, name: "Hello Ada & Co" }).waitFor();
    check("the title names the page", (await page.title()) === "Message – MMMS console", await page.title());
    const heading = await page.evaluate(() => document.activeElement?.tagName);
    check("the heading has the focus", heading === "H1", heading);
    const moves = await page.locator(".timeline strong").allInnerTexts();
    check("the timeline is in its order", moves.join() === "Accepted,Sent,Bounced", moves);
    await page.locator(".outcome").getByText("Bounced").waitFor();
    await page.getByText("newsletter", { exact: true }).waitFor();
    const shown = page.frameLocator("iframe").getByText("Dear Ada & Co");
    await shown.waitFor();
    const colour = await shown.evaluate((element) => getComputedStyle(element).color);
    check("the HTML has its styles", colour === "rgb(0, 128, 0)", colour);
    check("its script has not run", (await page.title()) === "Message – MMMS console", await page.title());
    await page.getByRole("button", { name: "Text", exact: true }).click();
    await page.locator("pre", { hasText: "Dear Ada & Co" }).waitFor();
    await page.getByRole("button", { name: "Headers", exact: true }).click();
    await page.getByText("for Ada & Co").waitFor();
    await isStill(page, "a message");
    await page.getByRole("link", { name: "Mailing", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Hello {{name}}" }).waitFor();
  }

  async function aMessageThatFailedSaysWhy() {
    await page.goto(`${base}/console#/mailings/${id}`);
    await rows.getByRole("link", { name: "refused@simulator.mmms.test" }).click();
    await page.getByRole("heading", { level: 1, name: "News" }).waitFor();
    const { data } = await (await fetch(`${base}/v1/mail/${id}/recipients/0`)).json();
    await page.locator(".outcome").getByText(data.last_error).waitFor();
    await page.locator(".timeline").getByText(data.last_error).waitFor();
    const moves = await page.locator(".timeline strong").allInnerTexts();
    check("it has failed", moves.join() === "Accepted,Failed", moves);
  }

  async function whatIsNotThereIsSaid() {
    for (const place of [`${id}/9`, "019c0000-0000-7000-8000-000000000001/0"]) {
      await page.goto("about:blank");
      const missing = await open({ tolerates: ({ text }) => text.includes("status of 404") });
      await missing.goto(`${base}/console#/mailings/${place}`);
      await missing.getByRole("heading", { name: "There is no such message" }).waitFor();
      await missing.context().close();
    }
    await page.goto(`${base}/console#/find`);
    await find("nobody@example.net");
    await page.getByRole("heading", { name: "No mail was found" }).waitFor();
    await isAccessible(page, "nothing found");
  }

  async function aServiceThatIsAwayIsSaid() {
    await page.getByRole("button", { name: "Remove Address" }).click();
    await rows.first().waitFor();
    away = true;
    await page.context().setOffline(true);
    await find("order-7");
    await page.getByText("The service does not answer, or").waitFor();
    await page.context().setOffline(false);
    await find("order-7");
    await chip("email_id: order-7");
    away = false;
  }

  async function eachLookIsForEverybody() {
    const places = {
      find: ["#/find", "Find mail"],
      message: [`#/mailings/${single.id}/0`, "Hello Ada & Co"],
    };
    for (const [look, options] of Object.entries({ ...LOOKS, forced: { ...LOOKS.light, forcedColors: "active" } })) {
      const other = await open({ ...options, reducedMotion: "reduce", tolerates: isBlocked });
      await watchShifts(other);
      for (const [name, [address, title]] of Object.entries(places)) {
        await other.goto("about:blank");
        await other.goto(`${base}/console${address}`);
        await other.getByRole("heading", { level: 1, name: title }).waitFor();
        await eventually(`${look}-${name}: all is there`, () =>
          other.evaluate(() => document.querySelector(".skeleton") === null),
        );
        await other.screenshot({ path: join(folder, `${look}-${name}.png`), fullPage: true });
        await isAccessible(other, `${look}-${name}`);
        await fits(other, `${look}-${name}`);
        await isStill(other, `${look}-${name}`);
        if ("hasTouch" in options) await isTouchable(other, `${look}-${name}`);
      }
      await other.context().close();
    }
  }
});
