// The pages of the console show the true state. Mail goes to an SMTP server that temporarily refuses recipients at
// late.example.com, permanently refuses those at no.example.com and closes the connection for those at
// lost.example.com. Arguments: the server's address, its admin token, and the folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { isAccessible } from "./page.mjs";

const [, , , token, folder] = process.argv;
mkdirSync(folder, { recursive: true });
const HEBREW = "שלום: ברוכים הבאים!";

await run(async ({ base, open }) => {
  const client = new Client(base, token);
  client.key = await client.newKey({ name: "newsletter" });
  let mistaken = false;
  let away = false;
  let hostile = false;
  const page = await open({
    tolerates: ({ text }) =>
      (mistaken && text.includes("status of 400")) ||
      (hostile && text.includes("Blocked script execution in 'about:srcdoc'")) ||
      (away && text.includes("ERR_INTERNET_DISCONNECTED")),
  });
  await page.addInitScript((given) => sessionStorage.setItem("mmms.admin-token", given), token);
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
  const button = (name) => page.getByRole("button", { name, exact: true });
  const dialog = page.getByRole("dialog");
  const alert = page.getByRole("alert");
  const visit = (name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
  const picture = (name) => page.screenshot({ path: join(folder, `truth-${name}.png`) });
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      return element.labels?.[0]?.textContent ?? element.textContent;
    });
  const api = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    const response = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
    return (await response.json()).data;
  };
  const to = (domain, count) => Array.from({ length: count }, (_, at) => ({ mail: `reader${at}@${domain}` }));
  const mail = (subject, recipients) => client.send({ subject, text_template: "News.", recipients });
  const settled = (id, of) =>
    eventually(`${of} has settled`, async () => {
      const { counts } = await client.mailing(id);
      return counts.queued + counts.sending === 0 || counts;
    });

  await page.goto(`${base}/console`);
  await heading("Overview");
  await page.locator(".well", { hasText: "Nothing was sent in 24 hours, and nothing waits." }).waitFor();
  const mode = await page.locator(".mode").innerText();
  check("that mail leaves is in sight", /Live\s+SMTP/.test(mode), mode);
  await aPagesKeyNeedsPages();
  await theKindOfAKeyIsThatOfTheApi();
  await whatWaitsIsNotSaidToBeNothing();
  await anUnknownFateIsExplainedAsSuch();
  await failuresAreSeenFirst();
  await theNumbersAreThoseOfTheBarPointedAt();
  await filtersAreInTheAddress();
  await aLostConnectionIsSaidAndCoversNothing();
  await aFailedSendLeavesOneAtTheFault();
  await aDraftIsKept();
  await theHtmlIsShown();
  await manyRealMailsAreAskedFor();

  async function aPagesKeyNeedsPages() {
    await visit("Keys");
    for (const [pages, senders] of [
      ["", ""],
      [" ,\n; ", ""],
      ["", "@example.com"],
    ]) {
      await button("New key").click();
      await dialog.getByLabel("For").selectOption("web pages");
      await dialog.getByLabel("Web pages").fill(pages);
      await dialog.getByLabel("May send as").fill(senders);
      await button("Make the key").click();
      await dialog.getByRole("alert").getByText("Web pages:").waitFor();
      check(
        "the field that is empty says so",
        (await dialog.getByLabel("Web pages").getAttribute("aria-invalid")) === "true",
      );
      await eventually("the focus is there", async () => (await focused()) === "Web pages");
      await isAccessible(page, "the dialog with a fault");
      await button("Cancel").click();
    }
    const { items } = await api("GET", "/v1/api-key");
    check("no key was made", items.length === 1, items);
  }

  async function theKindOfAKeyIsThatOfTheApi() {
    const key = await api("POST", "/v1/api-key", {
      name: HEBREW,
      origins: ["https://www.example.com"],
      senders: ["@example.com"],
    });
    await api("DELETE", `/v1/api-key/${key.id}/origins?origin=https://www.example.com`);
    await page.reload();
    const card = page.getByRole("listitem", { name: HEBREW });
    await card.getByText("Browser key", { exact: true }).waitFor();
    await card.getByText("it can do nothing").waitFor();
    check("a browser key without origins is one", true);
    check("a name is written its own way", (await card.locator("h2").getAttribute("dir")) === "auto");
    await card.getByRole("button", { name: "Add origins…" }).click();
    check(
      "it is not said to become what it is",
      (await dialog.getByText("makes it a browser key").count()) === 0,
      await dialog.textContent(),
    );
    await button("Add").click();
    await dialog.getByRole("alert").getByText("Web pages:").waitFor();
    check("nothing is added by an empty field", true);
    await picture("keys");
    await button("Cancel").click();
    await card.getByRole("button", { name: "Rotate…" }).click();
    await button("Make a new secret").click();
    await dialog.locator(".secret").waitFor();
    check(
      "the console does not offer to send with it",
      (await dialog.getByText("Send a mail with it").count()) === 0,
      await dialog.textContent(),
    );
    await button("Done").click();
  }

  async function whatWaitsIsNotSaidToBeNothing() {
    await visit("Overview");
    await page.getByText("Nothing is due", { exact: true }).waitFor();
    check("with nothing to send, nothing is due", true);
    const { id } = await mail("Put off", to("late.example.com", 4));
    await page.getByText("4 mails are queued and due later").waitFor();
    await page.locator(".tile", { hasText: "Waiting now" }).getByText("4 due later").waitFor();
    await page.locator(".well", { hasText: "4 mails wait for their turn" }).waitFor();
    check(
      "mail that is due later is not shown as nothing",
      (await page.getByText(/nothing is due/i).count()) === 0,
      await page.locator("main").innerText(),
    );
    await picture("put-off");
    await client.cancel(id);
  }

  async function anUnknownFateIsExplainedAsSuch() {
    const { id } = await mail("Lost", to("lost.example.com", 2));
    await settled(id, "what was lost");
    await page.goto(`${base}/console#/mailings/${id}`);
    const story = page.locator("td.is-story").first();
    await story.getByText("may already have accepted the mail").waitFor();
    const words = await story.innerText();
    check(
      "an unknown outcome is not shown as a mail that was not sent",
      !words.includes("before the whole mail was sent"),
      words,
    );
    const index = page.locator("tbody td").first();
    check("recipients are counted as the API does", (await index.innerText()) === "0", await index.innerText());
    await picture("unconfirmed");
  }

  async function failuresAreSeenFirst() {
    const all = await mail(`${HEBREW} all fail`, to("no.example.com", 3));
    await settled(all.id, "what is refused");
    const some = await mail("Some fail", [...to("no.example.com", 1), ...to("yes.example.com", 300)]);
    await settled(some.id, "what is refused in part");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${base}/console#/mailings`);
    const row = (text) => page.locator(".row", { hasText: text });
    await row("all fail").waitFor();
    const share = await row("all fail").locator(".row-percent").innerText();
    check("a mailing that failed has no 100 %", share === "0 % sent", share);
    const part = await row("Some fail").locator(".row-percent").innerText();
    check("99.7 % are not all", part === "99 % sent", part);
    const words = await row("Some fail").locator(".row-words").innerText();
    check("what failed is said first", words.startsWith("1 failed"), words);
    check("in colour", (await row("Some fail").locator(".row-words .is-bad-text").count()) === 1);
    const width = await row("Some fail")
      .locator(".bar .is-failed")
      .evaluate((part) => part.getBoundingClientRect().width);
    check("one of three hundred can be seen in the bar", width >= 1.5, width);
    check(
      "a subject is written its own way",
      (await row("all fail").locator(".row-subject").getAttribute("dir")) === "auto",
    );
    await picture("list");
    await row("Some fail").click();
    await heading("Some fail");
    const tab = page.getByRole("button", { name: /^Failed/ });
    const box = await tab.boundingBox();
    check("on a phone, what failed can be seen without scrolling sideways", box.x + box.width <= 360, box);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${base}/console#/mailings/${all.id}`);
    await page.getByText("3 of 3 recipients done").waitFor();
    const state = await page.locator(".state-words").innerText();
    check("nor has its page", state.includes("0 %") && !state.includes("100 %"), state);
    check("its heading is written its own way", (await page.locator("h1").getAttribute("dir")) === "auto");
    await picture("failed");
  }

  async function theNumbersAreThoseOfTheBarPointedAt() {
    await page.goto(`${base}/console#/`);
    await heading("Overview");
    for (const [title, hours] of [
      ["Mails per hour", 24],
      ["From accepted to sent", 24],
      ["Mails per hour", 72],
    ]) {
      if (hours === 72) await button("3 days").click();
      const card = page.locator(".picture", { has: page.getByRole("heading", { name: title }) });
      const area = card.locator(".u-over");
      await eventually("the picture is drawn", async () => (await area.boundingBox())?.width > 100);
      await area.scrollIntoViewIfNeeded();
      const { x, y, width, height } = await area.boundingBox();
      const shown = card.locator(".picture-at");
      const at = async (hour) => {
        await page.mouse.move(x + ((hour + 0.5) * width) / hours, y + height / 3);
        await page.mouse.move(x + (hour * width) / hours, y + height / 2);
        return shown.innerText();
      };
      const times = await api(
        "GET",
        `/v1/statistics?from=${new Date(Date.now() - (hours - 1) * 3_600_000).toISOString()}`,
      );
      for (const hour of [1, hours / 2, hours - 2]) {
        const start = new Date(times.hours[hour].hour);
        const clock = await page.evaluate(
          (time) =>
            new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(time),
          start.getTime(),
        );
        for (const part of [0.08, 0.5, 0.92]) {
          const found = await at(hour + part);
          check(`${title}: ${part} of hour ${hour} of ${hours} is its own`, found.includes(clock), [found, clock]);
        }
      }
    }
    check("the range is in the address", page.url().endsWith("hours=72"), page.url());
    await page.reload();
    await heading("Overview");
    check("and is there after a reload", (await button("3 days").getAttribute("aria-pressed")) === "true");
  }

  async function filtersAreInTheAddress() {
    await visit("Mailings");
    await page.getByLabel("Show").selectOption("Ended");
    await page.getByLabel("Key").selectOption({ label: "newsletter" });
    await page.getByLabel("Your id (email_id)").fill("none & of = these");
    await page.getByLabel("Your id (email_id)").press("Enter");
    await page.getByText("No mailing matches the filters").waitFor();
    await page.reload();
    await page.getByText("No mailing matches the filters").waitFor();
    check(
      "a reload shows the same",
      (await page.getByLabel("Show").inputValue()) === "ended" &&
        (await page.getByLabel("Key").inputValue()) !== "" &&
        (await page.getByLabel("Your id (email_id)").inputValue()) === "none & of = these",
      page.url(),
    );
    await page.goBack();
    await page.locator(".row").first().waitFor();
    check("the way back is one step", (await page.getByLabel("Show").inputValue()) === "ended", page.url());
    await page.locator(".row", { hasText: "Some fail" }).click();
    await heading("Some fail");
    await page.getByRole("button", { name: /^Failed/ }).click();
    await page.getByRole("cell", { name: "reader0@no.example.com" }).waitFor();
    await page.reload();
    await page.getByRole("cell", { name: "reader0@no.example.com" }).waitFor();
    await eventually("only what failed is shown", async () => (await page.locator("tbody tr").count()) === 1);
    await page.locator("main").getByRole("link", { name: "Mailings" }).click();
    await heading("Mailings");
    check("the list is as it was left", (await page.getByLabel("Show").inputValue()) === "ended", page.url());
  }

  async function aLostConnectionIsSaidAndCoversNothing() {
    await page.goto(`${base}/console#/mailings`);
    await page.locator(".row").first().waitFor();
    await page.locator(".live").waitFor();
    away = true;
    await page.context().setOffline(true);
    await alert.getByText("The service does not answer").waitFor();
    check("nothing is live any more", (await page.locator(".live").count()) === 0);
    await page.getByText("Not live").waitFor();
    const covered = await page.evaluate(() => {
      const said = document.querySelector(".stale").getBoundingClientRect();
      const others = document.querySelectorAll("h1, .row, .filters, .button, .newer, .side a");
      return [...others]
        .map((other) => [other.textContent, other.getBoundingClientRect()])
        .filter(
          ([, box]) =>
            box.left < said.right && box.right > said.left && box.top < said.bottom - 1 && box.bottom > said.top + 1,
        )
        .map(([text]) => text);
    });
    check("what is said covers nothing", covered.length === 0, covered);
    await picture("away");
    await page.context().setOffline(false);
    await page.locator(".live").waitFor();
    check("it is live again", (await alert.count()) === 0);
    away = false;
  }

  async function aFailedSendLeavesOneAtTheFault() {
    await visit("Send");
    await page.getByLabel("API key").fill(client.key);
    mistaken = true;
    for (const [label, value, good] of [
      ["From", "nobody", "news@example.org"],
      ["Recipients", "ada@example.com\nnot an address", "ada@example.com"],
      ["Subject", "", "A subject"],
    ]) {
      await page.getByLabel("From", { exact: true }).fill("news@example.org");
      await page.getByLabel("Sender’s name").fill("News");
      await page.getByLabel("Recipients").fill("ada@example.com");
      const field = page.getByLabel(label, { exact: true });
      await field.fill(value);
      await button("Send").or(button("Send to 2 recipients")).click();
      await alert.waitFor();
      await eventually(`the focus is at ${label}`, async () => (await focused()) === label || focused());
      check(`${label} is said to be wrong`, (await field.getAttribute("aria-invalid")) === "true");
      const described = await field.evaluate(
        (input) => document.getElementById(input.getAttribute("aria-describedby").split(" ")[0])?.textContent,
      );
      check("and in which way", (await alert.textContent()).includes(described), described);
      await field.fill(good);
      check("a field that was changed is not said to be wrong", (await field.getAttribute("aria-invalid")) === null);
    }
    await picture("fault");
    await isAccessible(page, "a send with a fault");
    mistaken = false;
    away = true;
    await page.context().setOffline(true);
    await button("Send").click();
    await alert.getByText("The service does not answer").waitFor();
    await eventually("without a field, the focus is at what is said", async () =>
      (await focused()).startsWith("The service does not answer"),
    );
    await page.context().setOffline(false);
    away = false;
  }

  async function aDraftIsKept() {
    await page.getByLabel("Subject").fill("My draft");
    await page.getByLabel("Recipients").fill("grace@yes.example.com");
    await page.getByRole("link", { name: "make one" }).click();
    await heading("Keys");
    await button("New key").click();
    await dialog.getByLabel("Name").fill("mine");
    await button("Make the key").click();
    await dialog.getByRole("link", { name: "Send a mail with it" }).click();
    await heading("Send mail");
    check("the subject is still there", (await page.getByLabel("Subject").inputValue()) === "My draft");
    check("so are the recipients", (await page.getByLabel("Recipients").inputValue()) === "grace@yes.example.com");
    const chosen = await page
      .getByLabel("Key", { exact: true })
      .evaluate((list) => list.selectedOptions[0].textContent);
    check("the new key is chosen", chosen === "mine", chosen);
  }

  async function theHtmlIsShown() {
    await page.getByLabel("Recipients").fill('"<b>Grace</b>" <grace@yes.example.com>');
    await page.getByText("HTML as well").click();
    hostile = true;
    await page.getByLabel("HTML", { exact: true }).fill(
      `<style>h1 > b { color: rgb(1, 2, 3) }</style><h1 style="background: rgb(4, 5, 6)"><b>Hi {{name}}</b></h1>
         <p>{{nothing}}{{company}}</p><img src="data:image/png;base64,AA" onerror="document.title='ran'">
         <script>document.title = "ran"</script><button onclick="top.document.title='ran'">Press</button>`,
    );
    const frame = page.frameLocator(".preview iframe");
    const title = frame.getByRole("heading", { name: "Hi <b>Grace</b>" });
    await title.waitFor();
    check("the HTML is shown, with its placeholders filled and escaped", true);
    await eventually("with its own styles", () =>
      title.evaluate(
        (element) =>
          getComputedStyle(element).backgroundColor === "rgb(4, 5, 6)" &&
          getComputedStyle(element.firstElementChild).color === "rgb(1, 2, 3)",
      ),
    );
    const sandbox = await page.locator(".preview iframe").getAttribute("sandbox");
    check("in a frame in which nothing runs", sandbox !== null && !sandbox.includes("scripts"), sandbox);
    await frame.getByRole("button", { name: "Press" }).click();
    check("nothing of it has run", !(await page.title()).includes("ran"), await page.title());
    await picture("preview");
    await isAccessible(page, "a preview");
    await page.getByLabel("HTML", { exact: true }).fill("<p>Hi {{name}}</p>");
    await frame.getByText("Hi <b>Grace</b>").waitFor();
    hostile = false;
  }

  async function manyRealMailsAreAskedFor() {
    const lines = to("yes.example.com", 500).map(({ mail: address }) => address);
    await page.getByLabel("Recipients").fill(lines.join("\n"));
    await page.getByLabel("Subject").fill("For five hundred");
    await button("Send to 500 recipients").click();
    await dialog.getByText("cannot be taken back").waitFor();
    check("how many is in the question", (await dialog.textContent()).includes("500 recipients"));
    await isAccessible(page, "the question");
    await picture("question");
    await button("Do not send").click();
    const before = await api("GET", "/v1/mail?limit=1");
    check("nothing is sent without an answer", before.items[0].subject !== "For five hundred", before.items[0]);
    await eventually("one is where one was", async () => (await focused()) === "Send to 500 recipients");
    await button("Send to 500 recipients").click();
    await button("Send 500 mails").click();
    await heading("For five hundred");
    check("and sent with one", true);
    await visit("Send");
    check("a mail that was sent leaves no draft", (await page.getByLabel("Subject").inputValue()) === "A first mail");
  }
});
