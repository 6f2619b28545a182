// The pages of suppressions and webhooks, and the overview with rates, with something in them: light and dark, on a desk
// and on a phone. Arguments: the server's address, the address of a receiver that fails, and the folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { eventually, run } from "./chromium.mjs";
import { Client } from "./client.mjs";
import { fits, isAccessible, isStill, isTouchable, LOOKS, watchShifts } from "./page.mjs";

const [, , , receiver, folder] = process.argv;
mkdirSync(folder, { recursive: true });
const CSV = "mail,reason\nnobody,bounce\nann@example.net,spam\nbob@example.net,bounce\n";

await run(async ({ base, open }) => {
  const client = new Client(base);
  client.key = await client.newKey({ name: "newsletter" });
  const post = async (path, body) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${base}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()).data;
  };
  const long = "a.very.long.address.of.somebody@a-long-name-of-a-department.example.com";
  for (const [mail, reason] of [
    ["ada@example.com", "bounce"],
    [long, "complaint"],
    ["grace@example.com", "manual"],
  ]) {
    await post("/v1/suppressions", { mail, reason });
  }
  await post("/v1/erase", { mail: "ada@example.com" });
  const { id } = await post("/v1/webhooks", { url: receiver });
  await post("/v1/webhooks", {
    url: "https://hooks.example.com/a/long/path/of/mail",
    statuses: ["bounced", "complained"],
  });
  await client.send({ subject: "Hello", text_template: "Hello.", recipients: [{ mail: "tim@example.com" }] });
  await eventually("a delivery has failed", async () => {
    const { items } = (await (await fetch(`${base}/v1/webhooks/${id}/deliveries`)).json()).data;
    return items.some(({ attempt }) => attempt === 2) || items;
  });

  const places = {
    overview: ["#/", "Overview"],
    suppressions: ["#/suppressions", "Suppressions"],
    webhooks: ["#/webhooks", "Webhooks"],
    webhook: [`#/webhooks/${id}`, receiver],
  };
  const dialogs = {
    "add-suppression": ["suppressions", "Add an address"],
    import: ["suppressions", "Import…"],
    "new-webhook": ["webhooks", "New webhook"],
    replay: ["webhook", "Replay…"],
  };
  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await open({ ...options, reducedMotion: "reduce" });
    await watchShifts(page);
    const visit = async (place) => {
      const [address, name] = places[place];
      await page.goto("about:blank");
      await page.goto(`${base}/console${address}`);
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await eventually(`${look}-${place}: all is there`, () =>
        page.evaluate(() => document.querySelector(".skeleton") === null),
      );
    };
    const looks = async (what) => {
      await page.screenshot({ path: join(folder, `${look}-${what}.png`) });
      await isAccessible(page, `${look}-${what}`);
      await fits(page, `${look}-${what}`);
      if ("hasTouch" in options) await isTouchable(page, `${look}-${what}`);
    };
    for (const place of Object.keys(places)) {
      await visit(place);
      if (place === "overview") await page.getByText("By key").click();
      await looks(`lists-${place}`);
      await isStill(page, `${look}-${place}`);
    }
    for (const [what, [place, name]] of Object.entries(dialogs)) {
      await visit(place);
      await page.getByRole("button", { name, exact: true }).click();
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      if (what === "new-webhook") await dialog.getByLabel("Events").selectOption("only some kinds");
      if (what === "import") {
        const file = { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(CSV) };
        await dialog.getByLabel("CSV file").setInputFiles(file);
        await dialog.getByText("1 line is not imported").waitFor();
      }
      await looks(`lists-${what}`);
    }
    await page.context().close();
  }
});
