// A first mail sent from Swagger UI, found in the mailbox.

import { check, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { isAccessible } from "./page.mjs";

await run(async ({ base, open }) => {
  const client = new Client(base);
  // Swagger UI names no icon, so the browser looks for one at the usual place.
  const page = await open({ tolerates: ({ url }) => url === `${base}/favicon.ico` });
  await page.goto(`${base}/docs`);

  await page.locator(".opblock").first().waitFor();
  check("the page has a title and a language", (await page.title()) === "MMMS API", await page.title());
  check("its language is English", (await page.locator("html").getAttribute("lang")) === "en");
  const first = await page.locator(".opblock-summary-path").first().innerText();
  check("sending mail comes first", first.replaceAll("\u200b", "") === "/v1/mail", first);
  check("the schemas are collapsed", (await page.locator(".models.is-open").count()) === 0);
  // Each operation is a button with buttons in it.
  await isAccessible(page, "Swagger UI", ["nested-interactive"]);

  const operation = (path) => page.locator(`.opblock-post:has([data-path="${path}"])`);

  /** Presses "Try it out" and "Execute", with the example body as it stands, and gives request and answer. */
  async function tryOut(path) {
    const block = operation(path);
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Try it out" }).click();
    const example = JSON.parse(await block.locator("textarea.body-param__text").inputValue());
    const [response] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === "POST" && new URL(answer.url()).pathname === path),
      block.getByRole("button", { name: "Execute" }).click(),
    ]);
    const shown = block
      .locator(".live-responses-table .response-col_status")
      .filter({ hasText: String(response.status()) });
    await shown.waitFor();
    return { example, status: response.status(), body: await response.json() };
  }

  const made = await tryOut("/v1/api-key");
  check("an API key is made by its operation's example", made.status === 201, made.body);
  check("the key is in the answer", typeof made.body.data.api_key === "string");

  await page.getByRole("button", { name: "Authorize" }).first().click();
  const scheme = page.locator(".auth-container", { hasText: "x-api-key" });
  await scheme.getByRole("textbox").fill(made.body.data.api_key);
  await scheme
    .getByRole("button", { name: "Apply credentials" })
    .or(scheme.getByRole("button", { name: "Authorize" }))
    .first()
    .click();
  await scheme.getByRole("button", { name: /logout|remove authorization/i }).waitFor();
  await page.locator(".modal-ux").getByRole("button", { name: "Close" }).last().click();
  check("the Authorize dialog takes the key", true);

  const sent = await tryOut("/v1/mail");
  check("a mail is sent by its operation's example", sent.status === 200, sent.body);
  check("the answer says that it was sent", sent.body.data.status.status === "sent", sent.body);

  const [recipient] = sent.example.recipients;
  const captured = (await client.captured(recipient.mail)).items.find(
    (message) => message.mailing_id === sent.body.data.id,
  );
  check("the mailbox's API has it", captured !== undefined);
  await page.goto(`${base}/mailbox`);
  await page.locator(".row", { hasText: captured.subject }).first().click();
  await page.getByRole("heading", { name: captured.subject }).waitFor();
  const facts = await page.locator("#facts").innerText();
  check("the mailbox shows it", facts.includes(recipient.mail) && facts.includes(sent.body.data.id), facts);
});
