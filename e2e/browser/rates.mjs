// The rates on the overview. Arguments: the server's address, its admin token or nothing, what is to be seen, and the
// folder for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, eventually, run } from "./chromium.mjs";
import { isAccessible } from "./page.mjs";

const [, , , token, what, folder] = process.argv;
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  const page = await open();
  if (token) await page.addInitScript((given) => sessionStorage.setItem("mmms.admin-token", given), token);
  await page.goto(`${base}/console`);
  const card = page.locator("section", { has: page.getByRole("heading", { name: "What became of sent mail" }) });
  const rate = async (name) => (await card.locator(".rates > div", { hasText: name }).innerText()).split("\n");
  const says = (name, expected) =>
    eventually(`${what}: ${name} is ${expected}`, async () => {
      const lines = await rate(name);
      return lines[1] === expected || lines;
    });
  const notes = async (name, text) => {
    const [, , ...lines] = await rate(name);
    check(`${what}: ${name} says ${text}`, lines.join(" ").includes(text), lines);
  };
  await card.waitFor();
  if (what === "reported") {
    await says("Delivered", "930");
    await notes("Delivered", "93 % of 1,000, so far");
    await says("Bounce rate", "6.2 %");
    await notes("Bounce rate", "62 of 1,000 bounced for good. SES reviews an account from 5 %");
    await says("Complaint rate", "0.1 %");
    await notes("Complaint rate", "SES reviews an account from 0.1 %, and may pause its sending from 0.5 %");
    check("what is too high is marked", (await card.locator(".is-high").count()) === 2);
    await card.getByText("1,000 mails sent in 24 hours").waitFor();
    await card.getByText("By key").click();
    const cells = await card.getByRole("row", { name: "newsletter" }).getByRole("cell").allInnerTexts();
    check("a key has its own rates", cells.join() === "990,930,6.26 % (62),0.1 % (1)", cells);
    const other = await card.getByRole("row", { name: "contact form" }).getByRole("cell").allInnerTexts();
    check("one without reports says so", other.join() === "10,not reported,not reported,not reported", other);
    await page.getByText("The numbers as a table").click();
    const hour = await page.locator(".numbers tbody tr").first().getByRole("cell").allInnerTexts();
    check("the hour has them too", hour.slice(4, 7).join() === "930,62,1", hour);
    await page.getByRole("button", { name: "7 days" }).click();
    await card.getByText("1,000 mails sent in 7 days").waitFor();
    await says("Delivered", "930");
    check("the period is told", true);
  } else {
    for (const name of ["Delivered", "Bounce rate", "Complaint rate"]) await says(name, "not reported");
    await notes("Delivered", what);
    check("nothing is said to be 0 %", !/\b0 %/.test(await card.innerText()), await card.innerText());
    check("nothing is marked", (await card.locator(".is-high, .meter").count()) === 0);
  }
  await isAccessible(page, what);
  await card.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(folder, `rates-${what.slice(0, 12).trim().replace(/\W+/g, "-")}.png`) });
});
