// Sends a mailing and shows how far it is.
//
//   MMMS_URL=http://127.0.0.1:8000 MMMS_API_KEY=mmms_… node newsletter.mjs recipients.csv
//
// Each line of the file is an address, a comma and a name.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Mmms } from "mmms-client";

const WIDTH = 30;

const [file] = process.argv.slice(2);
if (!file) {
  console.error("usage: MMMS_URL=… MMMS_API_KEY=… node newsletter.mjs FILE");
  process.exit(2);
}

const text = readFileSync(file, "utf8");
const to = text
  .trim()
  .split("\n")
  .map((line) => {
    const [mail = "", name = ""] = line.split(",").map((part) => part.trim());
    return { mail, name };
  });
const mmms = new Mmms();

const { data: queued, error } = await mmms.mail.send(
  {
    from: "Example News <news@example.org>",
    to,
    subject: "News for {{name}}",
    text: "Dear {{name}},\n\nthere is news.\n",
  },
  {
    // Run twice in a day with the same file, it sends once.
    idempotencyKey: createHash("sha256").update(text).digest("hex"),
    // One line in the file is a mailing, too.
    respondAsync: true,
  },
);
if (error) stop(error);

const { data: mailing, error: lost } = await mmms.mail.wait(queued.id, {
  interval: 200,
  onProgress: ({ done, total }) => draw(done, total),
});
console.log();
if (lost) stop(lost);
for (const [status, count] of Object.entries(mailing.counts)) if (count > 0) console.log(`${status}: ${count}`);
process.exitCode = mailing.counts.sent === to.length ? 0 : 1;

/** @param {number} done @param {number} total */
function draw(done, total) {
  const bar = "#".repeat(Math.floor((done / total) * WIDTH)).padEnd(WIDTH, ".");
  process.stdout.write(`\r[${bar}] ${done}/${total}`);
}

/** @param {import("mmms-client").MmmsError} error @returns {never} */
function stop(error) {
  console.error(String(error));
  process.exit(1);
}
