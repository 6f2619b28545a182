// Each page of the console with something in it, light and dark, on a desk and on a phone. Arguments: the server's
// address, and the folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { fits, isAccessible, isStill, isTouchable, LOOKS, watchShifts } from "./page.mjs";

const folder = process.argv[3];
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  const client = new Client(base);
  await client.newKey({
    name: "contact form",
    origins: ["https://www.example.com", "https://*.example.net"],
    senders: ["website@example.com", "@example.net"],
    recipients: ["info@example.com", "@example.net"],
    expires_at: "2199-12-31T12:00:00Z",
  });
  client.key = await client.newKey({ name: "newsletter" });
  const recipients = Array.from({ length: 120 }, (_, at) => ({
    mail: `reader${at + 1}@example.com`,
    emailRecipientId: `reader-${at + 1}`,
  }));
  // These are more recipients than can be sent to before they expire.
  const expires_at = new Date(Date.now() + 2_000).toISOString();
  const { id } = await client.send({
    subject: "Too late for half of them",
    text_template: "News.",
    recipients,
    expires_at,
    email_id: "issue-12",
  });
  await client.send({
    subject: "{{name}}, a mail with a long subject that does not fit into the width of a phone",
    text_template: "Hello.",
  });
  await eventually("the accepted mailings have ended", async () => {
    const { queued, sending, failed } = (await client.mailing(id)).counts;
    return (queued + sending === 0 && failed > 0) || { queued, sending, failed };
  });

  const places = {
    overview: ["#/", "Overview"],
    mailings: ["#/mailings", "Mailings"],
    mailing: [`#/mailings/${id}`, "Too late for half of them"],
    send: ["#/send", "Send mail"],
    keys: ["#/keys", "Keys"],
    erase: ["#/erase", "Erase an address"],
  };
  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await open({ ...options, reducedMotion: "reduce" });
    await watchShifts(page);
    for (const [place, [address, name]] of Object.entries(places)) {
      const what = `${look}-${place}`;
      await page.goto("about:blank");
      await page.goto(`${base}/console${address}`);
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await eventually(`${what}: all is there`, () =>
        page.evaluate(() => document.querySelector(".skeleton") === null),
      );
      if (place === "mailing") await page.getByRole("button", { name: /^Failed/ }).click();
      if (place === "mailing") await page.getByText("It could not be sent in time.").first().waitFor();
      await page.screenshot({ path: join(folder, `${what}.png`) });
      await isAccessible(page, what);
      await fits(page, what);
      if ("hasTouch" in options) await isTouchable(page, what);
      await isStill(page, what);
    }
    await page.context().close();
  }

  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await open({ ...options, reducedMotion: "reduce" });
    await page.goto(`${base}/console#/keys`);
    await page.getByRole("listitem", { name: "contact form" }).getByRole("button", { name: "Change…" }).click();
    await page.getByRole("dialog").getByLabel("Recipients a day").waitFor();
    const what = `${look}-key`;
    await page.screenshot({ path: join(folder, `${what}.png`) });
    await isAccessible(page, what);
    await fits(page, what);
    if ("hasTouch" in options) await isTouchable(page, what);
    await page.context().close();
  }

  const page = await open();
  await page.goto(`${base}/console#/mailings/${id}`);
  await page.getByRole("button", { name: "Resend…" }).click();
  await page.getByRole("dialog").getByText("They get the same mail.").waitFor();
  await isAccessible(page, "the question before a resend");
  await page.getByRole("button", { name: "Resend", exact: true }).click();
  await page
    .getByRole("status")
    .getByText(/^\d+ mails? queued again$/)
    .waitFor();
  check("failed recipients can be resent", true);
});
