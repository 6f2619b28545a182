import { DATABASE_INSTANCES, type Stage } from "./stage.ts";

/** Two sweeps may run at once: one that takes longer than a minute, and the next. */
const SWEEPS = 2;
/** The share of the database's connections that the functions may use: the rest is for people and for RDS itself. */
const SHARE = 0.8;

/** The memory of one connection, a little more than RDS assumes: 10 MiB. */
const BYTES_PER_CONNECTION = 10 * 2 ** 20;

/**
 * Connections that the parameter group allows. By default RDS would allow DBInstanceClassMemory / 9531392, but does
 * not document how much less that memory is than the class's: the number computed from the class was never reached.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
 */
export function maxConnections(stage: Stage): number {
  const bytes = DATABASE_INSTANCES[stage.database.instance] * 2 ** 30;
  return Math.min(5000, Math.floor(bytes / BYTES_PER_CONNECTION));
}

/** The instances that the worker can have: for wake-up messages, events of SES, outcomes of webhooks, and the sweep. */
export function workerInstances({ worker, webhooks }: Stage): number {
  const sources = webhooks.enabled ? 2 : 1;
  return worker.maximumConcurrency + sources * worker.eventConcurrency + SWEEPS;
}

/** The instances of the function that posts to webhooks. They have no connection to the database. */
function posterInstances({ webhooks }: Stage): number {
  return webhooks.enabled ? webhooks.concurrency : 0;
}

/** The maximum number of instances of functions with a connection to the database. Each has one. */
export function peakInstances(stage: Stage): number {
  const { api } = stage;
  // A request that waits for SES occupies its instance for about a second.
  const apis = Math.min(apiConcurrency(stage), api.burst + api.rate);
  return apis + workerInstances(stage);
}

/** The instances that the API can have: beyond them API Gateway itself answers 503. */
export function apiConcurrency(stage: Stage): number {
  return stage.api.reservedConcurrency ?? stage.accountConcurrency - workerInstances(stage) - posterInstances(stage);
}

export function needsProxy(stage: Stage): boolean {
  const { proxy } = stage.database;
  return proxy === "auto" ? peakInstances(stage) > SHARE * maxConnections(stage) : proxy;
}
