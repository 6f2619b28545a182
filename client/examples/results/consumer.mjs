// Reads the result queue of MMMS: npm install @aws-sdk/client-sqs; RESULT_QUEUE_URL=https://sqs.… node consumer.mjs

import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const QueueUrl = process.env.RESULT_QUEUE_URL;

// A later version of MMMS may have other statuses: they are kept, and mean nothing here.
const MEANINGS = { sent: "accepted", delivered: "arrived", bounced: "came back", failed: "was not sent" };

/** The newest result of each recipient. A program with a database keeps the sequence there, beside the status. */
const kept = new Map();

/**
 * A message may come twice and in any order, so it counts only if its `sequence` is higher than the one that is kept.
 *
 * @param {import("mmms-client").MailResult} result
 */
function take(result) {
  const recipient = `${result.id}/${result.index}`;
  if (result.sequence <= (kept.get(recipient)?.sequence ?? 0)) return;
  kept.set(recipient, result);
  const meaning = MEANINGS[result.status] ?? `is ${result.status}`;
  console.log(`${result.email_id} to recipient ${result.index} ${meaning}`);
}

const sqs = new SQSClient();
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

while (!stop.signal.aborted) {
  // The call waits up to 20 seconds for messages.
  const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 });
  const { Messages = [] } = await sqs.send(asked, { abortSignal: stop.signal }).catch((error) => {
    if (stop.signal.aborted) return {};
    throw error;
  });
  for (const { Body, ReceiptHandle } of Messages) {
    take(JSON.parse(Body));
    // Only now: a message that is not deleted comes again.
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
}
