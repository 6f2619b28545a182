import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Service } from "./service.ts";
import { maxSendRate, outputsOf, secret } from "./stack.ts";

// Tests a deployed stack from outside. Mail goes to SES's mailbox simulator, which accepts it also in the sandbox and
// costs no reputation: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
const [stackName = ""] = process.argv.slice(2);
// The status that each address of the simulator ends with. An answer out of office is a transient bounce to SES, which
// does not undo the delivery.
const FATES = {
  success: "delivered",
  bounce: "bounced",
  complaint: "complained",
  ooto: "delivered",
  "success+second": "delivered",
  "success+third": "delivered",
};
const SIMULATED = Object.keys(FATES);
const PATIENCE_MS = 180_000;

async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await act().catch((error: unknown) => {
    console.error(`FAILED  ${what}: ${error instanceof Error ? error.message : error}`);
    throw error;
  });
  console.log(`ok      ${what} (${Math.round(performance.now() - begun)} ms)`);
  return result;
}

async function main(): Promise<void> {
  const outputs = await outputsOf(stackName);
  const need = (name: string) => outputs[name] ?? fail(`the stack ${stackName} has no output ${name}`);
  const sender = process.env.SMOKE_SENDER ?? (outputs.SenderDomain && `smoke-test@${outputs.SenderDomain}`);
  if (!sender) fail("SMOKE_SENDER: the stack has no domain; name an address that SES has verified");
  const service = new Service(need("ApiUrl"), await secret(need("AdminSecretName")));
  const mail = (recipients: string[]) => ({
    recipients: recipients.map((name) => ({ mail: `${name}@simulator.amazonses.com` })),
    sender_email: sender,
    sender_name: "MMMS smoke test",
    subject: "Smoke test",
    text_template: "To {{mail}}.",
  });

  // These requests have no route of their own, and API Gateway invokes the function for them by another permission.
  await step("shows its documentation", async () => (await service.get("/docs")).expect(200));
  await step("answers a browser's preflight", async () => (await service.preflight("/v1/mail")).expect(204));
  await step("is up", async () => (await service.get("/v1/health")).expect(200));
  await step("has its database and its queue", async () => (await service.get("/v1/ready")).expect(200));
  await step("keeps management shut", async () => (await service.get("/v1/api-key")).expect(401));
  const { api_key: key, id } = await step("makes a key", async () => {
    const request = { name: `smoke test ${new Date().toISOString()}`, senders: [sender] };
    return (await service.as("admin", "POST", "/v1/api-key", request)).expect(201).data;
  });
  try {
    await step("sends one mail at once", async () => {
      (await service.as(key, "POST", "/v1/mail", mail(["success"]))).expect(200);
    });
    await step("sends nothing twice", async () => {
      const again = { "idempotency-key": randomUUID() };
      const send = async () => (await service.as(key, "POST", "/v1/mail", mail(["success"]), again)).expect(200);
      const [first, second] = [await send(), await send()];
      if (second.headers.get("idempotency-replayed") !== "true" || first.data.id !== second.data.id) {
        throw new Error("the second answer is not the first");
      }
    });
    const rate = await maxSendRate();
    // At less than two recipients a second each call has one recipient.
    if (rate < 2) console.log(`note    SES allows ${rate} a second: the calls for several recipients are not tried`);
    const mailing = await step("sends a mailing", async () => {
      const { id: mailing } = (await service.as(key, "POST", "/v1/mail", mail(SIMULATED))).expect(202).data;
      await accepted(service, key, mailing);
      return mailing;
    });
    // This is the only test of what AWS itself decides on the way of an event: the policies of topic and queues.
    await step("hears from SES what became of each mail", async () => fated(service, key, mailing));
  } finally {
    await step("revokes the key", async () => {
      (await service.as("admin", "DELETE", `/v1/api-key/${id}`)).expect(200);
      (await service.as(key, "POST", "/v1/mail", mail(["success"]))).expect(401);
    });
  }
}

/** Waits until SES has accepted the mail to every recipient. */
async function accepted(service: Service, key: string, mailing: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { counts } = (await service.as(key, "GET", `/v1/mail/${mailing}`)).expect(200).data;
    const { queued, sending, failed, unconfirmed } = counts;
    if (queued + sending + failed + unconfirmed === 0) return;
    if (queued + sending === 0 || performance.now() > deadline) {
      const { text } = await service.as(key, "GET", `/v1/mail/${mailing}/recipients`);
      throw new Error(`not all were sent to: ${text.slice(0, 1000)}`);
    }
    await pause(500);
  }
}

/** Follows the feed of events until it has told the expected status of every recipient. */
async function fated(service: Service, key: string, mailing: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  const told = SIMULATED.map((): string[] => []);
  let after = {};
  for (;;) {
    const query = new URLSearchParams({ limit: "100", ...after });
    const { items, next } = (await service.as(key, "GET", `/v1/events?${query}`)).expect(200).data;
    for (const { id, index, status } of items) if (id === mailing) told[index]?.push(status);
    if (Object.values(FATES).every((fate, index) => told[index]?.includes(fate))) return;
    if (performance.now() > deadline) {
      const missing = SIMULATED.map((name, index) => `${name}: ${told[index]?.join(", ")}`);
      throw new Error(`these events came: ${missing.join("; ")}`);
    }
    if (next !== null) after = { after: next };
    if (items.length === 0) await pause(500);
  }
}

function fail(what: string): never {
  throw new Error(what);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
