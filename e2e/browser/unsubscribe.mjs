// The page to unsubscribe, as a recipient sees it: without a script, with the keyboard, on a phone, in the dark and in
// the language of the mail.

import { check, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { fits, isAccessible, isTouchable } from "./page.mjs";

const WORDS = {
  en: { ask: "Unsubscribe?", button: "Unsubscribe", done: "You are unsubscribed", undo: "Undo" },
  de: { ask: "Abmelden?", button: "Abmelden", done: "Sie sind abgemeldet", undo: "Rückgängig machen" },
  nl: { ask: "Afmelden?", button: "Afmelden", done: "U bent afgemeld", undo: "Ongedaan maken" },
};

await run(async ({ base, open }) => {
  const client = new Client(base);
  await client.authenticate();

  function send(lang, recipient) {
    return client.send({
      sender_name: "Example News",
      subject: "Hello",
      html_template: `<html lang="${lang}"><a href="{{unsubscribe_url}}">x</a></html>`,
      list: "newsletter",
      recipients: [{ mail: recipient }],
    });
  }

  /** Sends a mail, and gives the address of its page here. */
  async function pageOf(lang) {
    const recipient = `${lang}@example.org`;
    await send(lang, recipient);
    const [{ id }] = (await client.captured(recipient)).items;
    const source = await fetch(`${client.messages}/${id}/source`).then((answer) => answer.text());
    const [, path] = source.match(/^List-Unsubscribe: <https:\/\/mail\.example\.com(.*)>\r$/m);
    return base + path;
  }

  /** Whether the next mail to a recipient is refused. */
  async function isUnsubscribed(lang) {
    try {
      await send(lang, `${lang}@example.org`);
      return false;
    } catch (error) {
      if (error.message.includes("recipient_suppressed")) return true;
      throw error;
    }
  }

  for (const [lang, words] of Object.entries(WORDS)) {
    const address = await pageOf(lang);
    const page = await open({ javaScriptEnabled: false });
    await page.goto(address);
    check(`${lang}: the page asks`, (await page.getByRole("heading").textContent()) === words.ask);
    const text = await page.getByRole("main").textContent();
    check(`${lang}: it names list and sender`, text.includes("newsletter") && text.includes("Example News"), text);
    check(`${lang}: it shows no address`, !text.includes("@"), text);
    check(`${lang}: nothing has changed`, !(await isUnsubscribed(lang)));

    // The keyboard alone: there is one control.
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    check(`${lang}: Tab leads to the button`, (await focused.textContent()) === words.button);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: words.done }).waitFor();
    check(`${lang}: the next mail is suppressed`, await isUnsubscribed(lang));
    await page.reload();
    await page.getByRole("heading", { name: words.done }).waitFor();

    await page.getByRole("button", { name: words.undo, exact: true }).click();
    await page.getByRole("button", { name: words.button, exact: true }).waitFor();
    check(`${lang}: undone`, !(await isUnsubscribed(lang)));
  }

  const address = await pageOf("en");
  for (const [what, settings] of [
    ["light", {}],
    ["dark", { colorScheme: "dark" }],
    ["phone", { viewport: { width: 360, height: 640 } }],
    ["forced colours", { forcedColors: "active" }],
  ]) {
    // Chromium reports the status of the page for the link that is not valid.
    const page = await open({ ...settings, tolerates: ({ url }) => url.endsWith("/v1/unsubscribe/x") });
    for (const path of [address, `${base}/v1/unsubscribe/x`]) {
      await page.goto(path);
      await isAccessible(page, what);
      await fits(page, what);
      await isTouchable(page, what);
    }
  }
});
