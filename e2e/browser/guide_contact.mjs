// The page of the guide to contact forms, served where the guide says, and what a visitor does with it.
// Arguments: the server's address, the page's port, and the folder with the page.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { check, run } from "./chromium.mjs";
import { Client } from "./client.mjs";

const [, , , port, folder] = process.argv;

async function serve(port) {
  const page = await readFile(join(folder, "index.html"));
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

await run(async ({ base, open }) => {
  const client = new Client(base);

  async function submit(origin, visitor, tolerates) {
    const tab = await open({ beside: [origin], ...(tolerates && { tolerates }) });
    await tab.goto(origin);
    await tab.getByLabel("Your name").fill(visitor);
    await tab.getByLabel("Your address").fill("ada@example.net");
    await tab.getByLabel("Message").fill("Is the {{engine}} ready?");
    await tab.getByRole("button", { name: "Send" }).click();
    const status = tab.getByRole("status");
    await status.filter({ hasText: /\.$/ }).waitFor();
    return status.textContent();
  }

  const own = await serve(Number(port));
  const sent = await submit(own, "Ada");
  check("the page says that it is on its way", sent === "Thank you, your message is on its way.", sent);
  const [captured] = (await client.captured()).items;
  const { to, reply_to, subject, text } = await client.message(captured.id);
  check("it is to the office", to[0].mail === "office@example.com", to);
  check("the reply goes to the visitor", reply_to[0].mail === "ada@example.net", reply_to);
  check("the subject has the visitor's name", subject === "Ada wrote to us", subject);
  check("the text is the visitor's", text.includes("Is the {{engine}} ready?"), text);

  const elsewhere = await serve(0);
  const withheld = ({ text }) => text.includes("blocked by CORS policy") || text.includes("net::ERR_FAILED");
  const silent = await submit(elsewhere, "Ada", withheld);
  check("elsewhere there is no answer", silent === "The mail service cannot be reached from here.", silent);

  const limited = ({ text }) => text.includes("status of 429");
  let last = sent;
  for (let more = 1; more <= 20 && last === sent; more += 1) last = await submit(own, `Ada ${more}`, limited);
  check("a limit is said", last === "Too many messages at the moment, please try again later.", last);
});
