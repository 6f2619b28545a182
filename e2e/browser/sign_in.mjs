// Sign-in to a console that requires the admin token. Arguments: the server's address, the token, and the folder
// for the pictures.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { check, run } from "./chromium.mjs";
import { isAccessible, isStill, watchShifts } from "./page.mjs";

const [, , , token, folder] = process.argv;
mkdirSync(folder, { recursive: true });

await run(async ({ base, open }) => {
  // A wrong token is tried once.
  let refused = false;
  const page = await open({ tolerates: ({ text }) => refused && text.includes("status of 401") });
  await watchShifts(page);
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();

  await page.goto(`${base}/console#/keys`);
  await heading("Sign in");
  check("the title says so", (await page.title()) === "Sign in – MMMS console", await page.title());
  await isAccessible(page, "sign in");
  await page.screenshot({ path: join(folder, "light-sign-in.png") });

  refused = true;
  await page.getByLabel("Admin token").fill("another-token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("does not know this admin token").waitFor();
  check("a wrong token is said", true);
  check("and not kept", (await page.evaluate(() => sessionStorage.length)) === 0);
  refused = false;

  await page.getByLabel("Admin token").fill(token);
  await page.keyboard.press("Enter");
  await heading("Keys");
  check("the right one opens the page that was asked for", true);
  await page.reload();
  await heading("Keys");
  check("a reload does not ask again", true);
  const kept = await page.evaluate(() => ({
    local: localStorage.length,
    cookies: document.cookie,
    address: location.href,
  }));
  check(
    "it is kept for the session alone",
    kept.local === 0 && kept.cookies === "" && !kept.address.includes(token),
    kept,
  );
  const other = await page.context().newPage();
  await other.goto(`${base}/console`);
  await other.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
  check("another tab has to sign in for itself", true);

  await page.getByRole("button", { name: "Sign out" }).click();
  await heading("Sign in");
  check("signing out removes it", (await page.evaluate(() => sessionStorage.length)) === 0);
  await isStill(page, "sign in");
});
