// Webhooks, sent to receivers on this machine. Arguments: the server's address, the address of a receiver that takes
// everything, of one that fails, of one that is gone, and the folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { isAccessible, isStill, watchShifts } from "./page.mjs";

const [, , , good, failing, gone, folder] = process.argv;
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  const client = new Client(base);
  client.key = await client.newKey({ name: "newsletter" });
  let mistaken = false;
  let absent = false;
  const page = await open({
    tolerates: ({ text }) => (mistaken && text.includes("status of 400")) || (absent && text.includes("status of 404")),
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await watchShifts(page);
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
  const button = (name) => page.getByRole("button", { name, exact: true });
  const dialog = page.getByRole("dialog");
  const row = (url) => page.locator(".rows .row", { hasText: url });
  const tries = (text) => page.locator("tbody tr", { hasText: text });
  const notice = page.getByRole("status");
  const picture = (name) => page.screenshot({ path: join(folder, `webhooks-${name}.png`) });
  const all = async () => (await (await fetch(`${base}/v1/webhooks`)).json()).data.items;

  await page.goto(`${base}/console#/webhooks`);
  await page.getByRole("heading", { name: "No webhook yet" }).waitFor();
  await isAccessible(page, "no webhooks");
  const secret = await isMadeByTheKeyboard();
  await isTested();
  await eventsArrive();
  await isReplayed();
  await isChanged();
  await isRotated();
  await aFailureIsExplained();
  await oneThatIsGoneIsDisabled();
  await isDeleted();
  await whatANewerServiceSaysIsShownAsItIs();
  absent = true;
  await page.goto(`${base}/console#/webhooks/0`);
  await page.getByRole("heading", { name: "There is no such webhook" }).waitFor();
  check("an address of no webhook says so", true);

  async function made(url) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Webhooks" }).click();
    await heading("Webhooks");
    await button("New webhook").click();
    await dialog.getByLabel("URL").fill(url);
    await button("Make the webhook").click();
    await button("Done").click();
    await row(url).click();
    await heading(url);
  }

  async function isMadeByTheKeyboard() {
    await button("New webhook").focus();
    await page.keyboard.press("Enter");
    await eventually("the focus is in the first field", () =>
      page.evaluate(() => document.activeElement?.labels?.[0]?.textContent === "URL"),
    );
    mistaken = true;
    await page.keyboard.type("http://example.com/");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").getByText("URL:").waitFor();
    check("a URL that is refused says so", (await dialog.getByLabel("URL").getAttribute("aria-invalid")) === "true");
    mistaken = false;
    await dialog.getByLabel("Events").selectOption("only some kinds");
    for (const kind of ["delivered", "bounced", "complained"]) {
      await dialog.getByRole("checkbox", { name: kind }).first().uncheck();
    }
    await dialog.getByLabel("URL").fill(good);
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").getByText("Events:").waitFor();
    check("no kind at all is no choice", (await all()).length === 0);
    await isAccessible(page, "the dialog with a fault");
    await picture("new");
    for (const kind of ["sent", "delivered", "bounced"]) {
      await dialog.getByRole("checkbox", { name: kind }).first().check();
    }
    await dialog.getByLabel("Mailings").selectOption({ label: "only of newsletter" });
    await button("Make the webhook").click();
    const shown = await dialog.locator(".secret code").textContent();
    check("the secret is shown", /^whsec_.{40}/.test(shown), shown);
    await isAccessible(page, "the dialog with the secret");
    await button("Copy").click();
    await page.getByRole("status").getByText("The secret copied").waitFor();
    check("it can be copied", (await page.evaluate(() => navigator.clipboard.readText())) === shown);
    await button("Done").click();
    await row(good).getByText("Live", { exact: true }).waitFor();
    await row(good).getByText("sent, delivered, bounced, of the key newsletter").waitFor();
    check("the secret is shown once", !(await page.content()).includes(shown));
    const [webhook] = await all();
    check("it is so for the service", webhook.statuses.join() === "sent,delivered,bounced", webhook);
    return shown;
  }

  async function isTested() {
    await row(good).click();
    await heading(good);
    await tries("The webhook: Created").waitFor();
    await isStill(page, "a new webhook");
    await button("Send a ping").click();
    await notice.getByText("The ping has arrived: HTTP 204").waitFor();
    await tries("ping").getByText("HTTP 204").waitFor();
    check("a ping shows its outcome", true);
    await isAccessible(page, "a webhook");
  }

  async function eventsArrive() {
    const to = ["ada@example.com", "bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"];
    await client.send({ subject: "Hello", text_template: "Hello.", recipients: to.map((mail) => ({ mail })) });
    await tries("bounced").getByText("HTTP 204").waitFor();
    await tries("delivered").getByText("HTTP 204").waitFor();
    check("only the chosen kinds are sent", (await tries("complained").count()) === 0);
    await picture("deliveries");
  }

  async function isReplayed() {
    check("the bounce was sent once", (await tries("bounced").count()) === 1);
    await page.getByRole("button", { name: "Send bounced again" }).click();
    await isAccessible(page, "the question before a replay");
    await button("Send again").click();
    await page.getByRole("status").getByText("The event is being sent again").waitFor();
    await eventually(
      "it was sent again",
      async () => (await tries("bounced").count()) === 2 || tries("bounced").count(),
    );
    mistaken = true;
    await button("Replay…").click();
    await dialog.getByLabel("Events").selectOption("one event");
    await dialog.getByLabel("Event id").fill("nothing");
    await button("Send again").click();
    await dialog.getByRole("alert").getByText("Event id:").waitFor();
    mistaken = false;
    await dialog.getByLabel("Events").selectOption("all since a time");
    await button("Send again").click();
    await tries("The webhook: Replay begun").first().waitFor();
    await eventually(
      "all were sent again",
      async () => (await tries("bounced").count()) === 3 || tries("bounced").count(),
    );
    check("a replay is in the list", true);
  }

  async function isChanged() {
    await button("Change…").click();
    await dialog.getByLabel("Enabled").uncheck();
    await dialog.getByText("events that were still to be sent are dropped").waitFor();
    await isAccessible(page, "the dialog for a change");
    await button("Change it").click();
    await page.locator(".facts").getByText("Disabled on request").waitFor();
    await tries("The webhook: Disabled on request").waitFor();
    check("nothing is sent to one that is disabled", await button("Send a ping").isDisabled());
    await isAccessible(page, "a webhook that is disabled");
    await button("Change…").click();
    await dialog.getByLabel("Enabled").check();
    await dialog.getByLabel("Events").selectOption("all kinds, also those of later versions");
    await button("Change it").click();
    await page.locator(".facts").getByText("Live", { exact: true }).waitFor();
    await page.locator(".facts").getByText("All events, of the key newsletter").waitFor();
    await tries("The webhook: Enabled").waitFor();
    check("it can be enabled again", (await all())[0].enabled);
  }

  async function isRotated() {
    await button("Rotate…").click();
    await dialog.getByText("within 24 hours").waitFor();
    await button("Make a new secret").click();
    const next = await dialog.locator(".secret code").textContent();
    check("a rotation gives another secret", next.startsWith("whsec_") && next !== secret, next);
    await button("Done").click();
    await page.locator(".facts").getByText("signs too, until").waitFor();
    await tries("The webhook: Secret rotated").waitFor();
    check("the old one is said to be valid still", true);
  }

  async function aFailureIsExplained() {
    await made(failing);
    await button("Send a ping").click();
    await notice.getByText("The ping has failed: HTTP 500").waitFor();
    await client.send({ subject: "Again", text_template: "Hello." });
    await tries("sent").getByText("HTTP 500").first().waitFor();
    await page.locator(".facts").getByText("Failing", { exact: true }).waitFor();
    check("one that fails says since when", (await page.locator(".facts time").count()) >= 2);
    await tries("try 2").waitFor();
    check("and when it is tried next", (await tries("try 2").locator("time").count()) === 2);
    await isAccessible(page, "a webhook that fails");
    await picture("failing");
    await page.getByRole("link", { name: "Webhooks" }).first().click();
    await row(failing).getByText("Failing", { exact: true }).waitFor();
  }

  async function oneThatIsGoneIsDisabled() {
    await made(gone);
    await client.send({ subject: "Gone", text_template: "Hello." });
    await page.locator(".facts").getByText("Disabled: its answer was 410 (gone)").waitFor();
    await page.getByText("replay the events that it has missed").waitFor();
    check("one that is gone says why it is disabled", true);
    await isAccessible(page, "a webhook that is gone");
    await picture("gone");
  }

  async function isDeleted() {
    await button("Delete…").click();
    await dialog.getByText("no longer listed").waitFor();
    await isAccessible(page, "the question before a deletion");
    await button("Keep it").click();
    check("an answer keeps it", (await all()).length === 3);
    await button("Delete…").click();
    await button("Delete").click();
    await heading("Webhooks");
    await row(good).waitFor();
    await eventually("it is no longer in the list", async () => (await row(gone).count()) === 0);
    check("for the service too", (await all()).length === 2);
  }

  async function whatANewerServiceSaysIsShownAsItIs() {
    await page.route("**/v1/webhooks**", async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      const change = (item) => {
        if (item.statuses)
          Object.assign(item, { statuses: ["sent", "read"], enabled: false, disabled_reason: "tired" });
        if (item.kind === "created") item.kind = "moved";
        if (item.kind === "try")
          Object.assign(item, { http_status: null, failure: "too_cold", event_type: "mail.read" });
      };
      for (const item of body.data.items ?? [body.data]) change(item);
      await route.fulfill({ response, json: body });
    });
    await page.reload();
    await row(good).getByText("Disabled: tired").waitFor();
    await row(good).getByText("sent, read").waitFor();
    await row(good).click();
    await tries("The webhook: moved").waitFor();
    await tries("read").getByText("too_cold").first().waitFor();
    await button("Change…").click();
    check("a kind that is not known stays", await dialog.getByRole("checkbox", { name: "read" }).isChecked());
    await button("Cancel").click();
    await page.unroute("**/v1/webhooks**");
  }
});
