// The list of suppressed addresses. Mail is captured. Arguments: the server's address, and the folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { isAccessible, isStill, watchShifts } from "./page.mjs";

const folder = process.argv[3];
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  const client = new Client(base);
  client.key = await client.newKey({ name: "newsletter" });
  // The service answers 400 to a page with faulty lines, and to an address that is none.
  let mistaken = false;
  let away = false;
  const page = await open({
    tolerates: ({ text }) =>
      (mistaken && text.includes("status of 400")) || (away && text.includes("ERR_INTERNET_DISCONNECTED")),
  });
  await watchShifts(page);
  const button = (name) => page.getByRole("button", { name, exact: true });
  const dialog = page.getByRole("dialog");
  const rows = page.locator("tbody tr");
  const row = (text) => page.locator("tbody tr", { hasText: text });
  const shows = (what, expected) =>
    eventually(what, async () => {
      const found = await rows.locator("td:first-child").allInnerTexts();
      return found.join() === expected.join() || found;
    });
  const file = (text, name = "list.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
  const list = async (query = "") => (await (await fetch(`${base}/v1/suppressions${query}`)).json()).data.items;
  const picture = (name) => page.screenshot({ path: join(folder, `suppressions-${name}.png`) });

  await page.goto(`${base}/console#/suppressions`);
  await isEmptyAtFirst();
  await aTestAddressIsNotPutOnIt();
  await isAddedByTheKeyboard();
  await isAddedForOneList();
  await isFound();
  await anErasedAddressStaysWithoutItsAddress();
  await isRemoved();
  await isImportedInPages();
  await aFileWithoutNamesAndWithListsIsImported();
  await isTurnedOver();
  await aServiceThatIsAwayIsSaid();
  await aRemovalReachesSes();

  async function isEmptyAtFirst() {
    await page.getByRole("heading", { name: "No address is suppressed" }).waitFor();
    check("the title names the page", (await page.title()) === "Suppressions – MMMS console", await page.title());
    await isAccessible(page, "an empty list");
    await isStill(page, "an empty list");
    await picture("empty");
  }

  async function aTestAddressIsNotPutOnIt() {
    const to = ["bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"];
    const { id } = await client.send({
      subject: "To test addresses",
      text_template: "Hello.",
      recipients: to.map((mail) => ({ mail })),
    });
    await eventually("both are reported", async () => {
      const { counts } = await client.mailing(id);
      return (counts.bounced === 1 && counts.complained === 1) || counts;
    });
    await page.reload();
    await page.getByRole("heading", { name: "No address is suppressed" }).waitFor();
    await page.getByText("Test addresses of the simulator are never put on it.").waitFor();
    check("a bounce of a test address suppresses nobody, and the page says so", true);
  }

  async function isAddedByTheKeyboard() {
    await button("Add an address").focus();
    await page.keyboard.press("Enter");
    await eventually("the focus is in the first field", () =>
      page.evaluate(() => document.activeElement?.labels?.[0]?.textContent === "Address"),
    );
    await isAccessible(page, "the dialog for an address");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").getByText("Address:").waitFor();
    check("an empty address is said to be missing", true);
    mistaken = true;
    await page.keyboard.type("nobody");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").getByText("must be an address").first().waitFor();
    await isAccessible(page, "the dialog with a fault");
    mistaken = false;
    await dialog.getByLabel("Address").fill("ada@example.org");
    await page.keyboard.press("Enter");
    await shows("the address is on the list", ["ada@example.org"]);
    await row("ada@example.org").getByText("Somebody has put it on the list").waitFor();
    await row("ada@example.org").getByText("All mail").waitFor();
    await eventually("one is where one was", () =>
      page.evaluate(() => document.activeElement?.textContent === "Add an address"),
    );
    const refused = await fetch(`${base}/v1/mail`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": client.key },
      body: JSON.stringify({
        sender_email: "planning@example.com",
        sender_name: "Planning",
        subject: "Hello",
        text_template: "Hello.",
        recipients: [{ mail: "ada@example.org" }],
      }),
    });
    check("and it is not mailed", refused.status === 422, refused.status);
  }

  async function isAddedForOneList() {
    await button("Add an address").click();
    await dialog.getByLabel("Address").fill("grace@example.org");
    await dialog.getByLabel("Reason").selectOption("unsubscribe");
    await dialog.getByLabel("Not sent").selectOption({ label: "a list of newsletter" });
    await button("Suppress it").click();
    await dialog.getByRole("alert").getByText("List:").waitFor();
    check("a list of a key needs its name", true);
    await dialog.getByLabel("List").fill("weekly");
    await button("Suppress it").click();
    await shows("the newest is first", ["grace@example.org", "ada@example.org"]);
    await row("grace@example.org").getByText("The list weekly of the key newsletter").waitFor();
    await row("grace@example.org").getByText("Its owner has unsubscribed").waitFor();
    const [entry] = await list();
    check("it is so for the service", entry.list === "weekly" && entry.reason === "unsubscribe", entry);
  }

  async function isFound() {
    const field = page.getByLabel("Address", { exact: true });
    await field.fill("ADA@example.org");
    await page.keyboard.press("Enter");
    await shows("an address is found, in whichever case", ["ada@example.org"]);
    check("the address of the page does not hold it", !page.url().includes("ada"), page.url());
    await field.fill("nobody@example.org");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "This address is not on the list" }).waitFor();
    await isAccessible(page, "an address that is not there");
    await field.fill("ada");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Enter the whole address").waitFor();
    check("a part of an address is said to be one", (await field.getAttribute("aria-invalid")) === "true");
    await field.fill("");
    await page.keyboard.press("Enter");
    await shows("without it, all are shown", ["grace@example.org", "ada@example.org"]);
    await page.getByLabel("Reason").selectOption("Unsubscribe");
    await shows("a reason narrows the list", ["grace@example.org"]);
    await page.reload();
    await shows("also after a reload", ["grace@example.org"]);
    await page.getByLabel("Reason").selectOption("Complaint");
    await page.getByRole("heading", { name: "No address has this reason" }).waitFor();
    await button("Show all").click();
    await shows("all are shown again", ["grace@example.org", "ada@example.org"]);
  }

  async function anErasedAddressStaysWithoutItsAddress() {
    await fetch(`${base}/v1/erase`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ mail: "ada@example.org" }),
    });
    await page.reload();
    await shows("an erased address is one without its address", ["grace@example.org", "address removed"]);
    await page.getByLabel("Address", { exact: true }).fill("ada@example.org");
    await page.keyboard.press("Enter");
    await shows("who knows it finds it all the same", ["address removed"]);
    await row("address removed").getByRole("button").click();
    await dialog.getByText("only its hash is left").waitFor();
    await isAccessible(page, "the question about an erased address");
    await picture("erased");
    await button("Keep it").click();
    check("an answer keeps it", (await list()).length === 2);
    await page.getByLabel("Address", { exact: true }).fill("");
    await page.keyboard.press("Enter");
  }

  async function isRemoved() {
    await row("grace@example.org").getByRole("button").click();
    await dialog.getByText("Its owner did not want this mail.").waitFor();
    await dialog.getByText("The list weekly of the key newsletter is sent to this address again").waitFor();
    check("nothing is said of SES where mail is captured", (await dialog.getByText(/\bSES\b/).count()) === 0);
    await isAccessible(page, "the question before a removal");
    await picture("remove");
    await button("Remove").click();
    await shows("the address is off the list", ["address removed"]);
    check("for the service too", (await list()).length === 1);
  }

  async function isImportedInPages() {
    await button("Import…").click();
    await isAccessible(page, "the dialog for an import");
    const lines = Array.from({ length: 2_500 }, (_, at) => `"Reader, ${at}",reader${at}@example.net,bounce`);
    lines[3] = `"Two\nlines",lines@example.net,complaint`;
    lines[1_200] = "Faulty,not an address,bounce";
    lines[1_300] = "Faulty,spam@example.net,spam";
    lines[1_400] = "Faulty,,manual";
    lines[2_450] = `"Faulty","a b@example.net",`;
    mistaken = true;
    await dialog.getByLabel("CSV file").setInputFiles(file(`\ufeffName,E-Mail,Reason\r\n${lines.join("\r\n")}\r\n`));
    await dialog.getByText("2,498 addresses").first().waitFor();
    await dialog.getByText("in the column “E-Mail”, and 2 lines with a fault").waitFor();
    await page.evaluate(() => {
      window.filled = [];
      new MutationObserver(() => {
        const value = document.querySelector("dialog [role=progressbar]")?.getAttribute("aria-valuenow");
        if (value && value !== window.filled.at(-1)) window.filled.push(value);
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await button("Import 2,498 addresses").click();
    await dialog.getByText("2,496 addresses are on the list now.").waitFor();
    const filled = (await page.evaluate(() => window.filled)).map(Number);
    check("the progress is shown page by page", filled.length >= 3 && filled.at(-1) === 100, filled);
    const bad = await dialog.locator(".bad-lines li").allInnerTexts();
    // A line of names, and one entry of two lines.
    check(
      "each line with a fault is named, with its fault",
      bad.length === 4 &&
        bad[0].startsWith("Line 1,203, “not an address”: must be") &&
        bad[1].startsWith("Line 1,303, “spam@example.net”: has the reason “spam”") &&
        bad[2].startsWith("Line 1,403") &&
        bad[2].endsWith(": has no address") &&
        bad[3].startsWith("Line 2,453, “a b@example.net”"),
      bad,
    );
    await isAccessible(page, "an import that has ended");
    await picture("import");
    mistaken = false;
    await button("Done").click();
    const found = await list("?mail=lines@example.net");
    check("the reasons are those of the file", found[0]?.reason === "complaint", found);
    await row("reader2499@example.net").waitFor();
  }

  async function aFileWithoutNamesAndWithListsIsImported() {
    await button("Import…").click();
    await dialog.getByLabel("CSV file").setInputFiles(file("\n\n"));
    await dialog.getByText("There is no address in this file.").waitFor();
    check("an empty file is said to be one", await dialog.getByRole("button", { name: /^Import/ }).isDisabled());
    await dialog.getByLabel("CSV file").setInputFiles(file("edsger@example.org;x\nbarbara@example.org;y\n"));
    await dialog.getByText("2 addresses in the first column").waitFor();
    await dialog
      .getByLabel("CSV file")
      .setInputFiles(file("address;list\nedsger@example.org;daily\nbarbara@example.org;\n"));
    await dialog.getByText("The file names lists. Choose the key").waitFor();
    await dialog.getByLabel("Not sent").selectOption({ label: "a list of newsletter" });
    await dialog.getByText("Name the list of the lines that have none").waitFor();
    await dialog.getByLabel("List").fill("weekly");
    await dialog.getByLabel("Reason of lines without one").selectOption("unsubscribe");
    await button("Import 2 addresses").click();
    await dialog.getByText("2 addresses are on the list now.").waitFor();
    await button("Done").click();
    const [barbara, edsger] = await list("?limit=2");
    check(
      "each is on its own list",
      barbara.list === "weekly" && edsger.list === "daily" && edsger.reason === "unsubscribe",
      [barbara, edsger],
    );
  }

  async function isTurnedOver() {
    await row("barbara@example.org").waitFor();
    await button("Next 50").click();
    await row("reader2450@example.net").or(row("reader2451@example.net")).first().waitFor();
    check("the list can be turned over", (await row("barbara@example.org").count()) === 0);
    await button("Back").click();
    await row("barbara@example.org").waitFor();
    check("and back", (await rows.count()) === 50, await rows.count());
  }

  async function aServiceThatIsAwayIsSaid() {
    away = true;
    await page.context().setOffline(true);
    await button("Import…").click();
    await dialog.getByLabel("CSV file").setInputFiles(file("ada@example.net\n"));
    await button("Import 1 address").click();
    await dialog.getByRole("alert").getByText("The service does not answer").waitFor();
    await dialog.getByText("to go on, import the file again").waitFor();
    await page.context().setOffline(false);
    await button("Import 1 address").click();
    await dialog.getByText("1 address is on the list now.").waitFor();
    check("an import that has stopped can be begun again", (await list("?mail=ada@example.net")).length === 1);
    await button("Done").click();
    await page.context().setOffline(true);
    await page.getByLabel("Reason").selectOption("Manual");
    await page.getByRole("alert").getByText("The service does not answer").waitFor();
    check("a list that cannot be had is said", (await rows.count()) === 0);
    await page.context().setOffline(false);
    await row("ada@example.net").waitFor();
    check("the page recovers by itself", (await page.getByRole("alert").count()) === 0);
    away = false;
  }

  /** The page of a service that does not capture mail: what the question says depends on that alone. */
  async function aRemovalReachesSes() {
    await page.route("**/console/service.json", (route) =>
      route.fulfill({ json: { mailbox: false, transport: "ses", version: "0.1.0", sign_in: false } }),
    );
    await page.goto("about:blank");
    await page.goto(`${base}/console#/suppressions`);
    await row("ada@example.net").getByRole("button").click();
    await dialog.getByText("also taken off the suppression list of the SES account").waitFor();
    await button("Keep it").click();
    await row("barbara@example.org").getByRole("button").click();
    await dialog.getByText("Its owner did not want this mail.").waitFor();
    check("an entry of one list is not said to be on SES's", (await dialog.getByText(/\bSES\b/).count()) === 0);
    await button("Keep it").click();
    check("a test address is not spoken of there", (await page.getByText("Test addresses").count()) === 0);
  }
});
