// Receives events of MMMS: WEBHOOK_SECRET=whsec_… PORT=3000 node receiver.mjs

import { createServer } from "node:http";
import { verifyWebhook, WebhookError } from "mmms-client/server";

const secret = process.env.WEBHOOK_SECRET;
// An event may come more than once. A program with a database remembers the ids there.
const seen = new Set();

async function take(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const message = await verifyWebhook(Buffer.concat(chunks), request.headers, secret);
  const id = request.headers["webhook-id"];
  if (seen.has(id)) return;
  seen.add(id);
  if (message.type === "mail.bounced") console.log(`${message.data.recipient} bounced`);
  else console.log(message.type);
}

const server = createServer(async (request, response) => {
  try {
    await take(request);
    // Answer at once, and do what takes long afterwards: MMMS waits 15 seconds.
    response.writeHead(204);
  } catch (error) {
    response.writeHead(error instanceof WebhookError ? 400 : 500);
  }
  response.end();
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () =>
  console.log(`listening on ${server.address().port}`),
);
