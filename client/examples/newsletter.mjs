// Sends a mailing and shows how far it is.
//
//   MMMS_URL=http://127.0.0.1:8000 MMMS_API_KEY=mmms_… node newsletter.mjs recipients.csv
//
// Each line of the file is an address, a comma and a name.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient, MmmsError } from "mmms-client";
import { sendReliably, waitForMailing } from "mmms-client/server";

const WIDTH = 30;

const { MMMS_URL: baseUrl = "http://127.0.0.1:8000", MMMS_API_KEY: apiKey } = process.env;
const [file] = process.argv.slice(2);
if (!apiKey || !file) {
  console.error("usage: MMMS_API_KEY=… node newsletter.mjs FILE");
  process.exit(2);
}

const text = readFileSync(file, "utf8");
const recipients = text
  .trim()
  .split("\n")
  .map((line) => {
    const [mail = "", name = ""] = line.split(",").map((part) => part.trim());
    return { mail, name };
  });
const client = createClient({ baseUrl, apiKey });

try {
  const queued = await sendReliably({
    client,
    body: {
      recipients,
      sender_email: "news@example.org",
      sender_name: "Example News",
      subject: "News for {{name}}",
      text_template: "Dear {{name}},\n\nthere is news.\n",
    },
    // Run twice in a day with the same file, it sends once.
    idempotencyKey: createHash("sha256").update(text).digest("hex"),
    // One line in the file is a mailing, too.
    respondAsync: true,
  });
  const { counts } = await waitForMailing({
    client,
    id: queued.data.id,
    interval: 200,
    onProgress: ({ done, total }) => draw(done, total),
  });
  console.log();
  for (const [status, count] of Object.entries(counts)) if (count > 0) console.log(`${status}: ${count}`);
  process.exitCode = counts.sent === recipients.length ? 0 : 1;
} catch (error) {
  if (!(error instanceof MmmsError)) throw error;
  console.error(`${error.error_type ?? error.status}: ${error.message} (request ${error.request_id})`);
  for (const fault of error.errors) console.error(`  ${fault.field}: ${fault.message}`);
  process.exitCode = 1;
}

/** @param {number} done @param {number} total */
function draw(done, total) {
  const bar = "#".repeat(Math.floor((done / total) * WIDTH)).padEnd(WIDTH, ".");
  process.stdout.write(`\r[${bar}] ${done}/${total}`);
}
