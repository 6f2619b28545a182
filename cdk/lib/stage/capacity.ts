import { DATABASE_INSTANCES, type Stage } from "./stage.ts";

/** What an account has unless it asks for more: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ACCOUNT_CONCURRENCY = 1000;
/** Two sweeps at once: one that takes longer than a minute, and the next. */
export const SWEEPS = 2;
/** Of the database's connections, what the functions may take: the rest is for people and for RDS itself. */
const SHARE = 0.8;

/**
 * Connections that RDS allows by default: DBInstanceClassMemory / 9531392, at most 5000.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
 */
export function maxConnections(stage: Stage): number {
  const bytes = DATABASE_INSTANCES[stage.database.instance] * 2 ** 30;
  return Math.min(5000, Math.floor(bytes / 9_531_392));
}

/** Instances of functions at the worst hour. Each has one connection. */
export function peakInstances({ api, worker }: Stage): number {
  // A request that waits for SES keeps its instance for about a second.
  const apis = Math.min(api.reservedConcurrency ?? ACCOUNT_CONCURRENCY, api.burst + api.rate);
  return apis + worker.maximumConcurrency + SWEEPS;
}

export function needsProxy(stage: Stage): boolean {
  const { proxy } = stage.database;
  return proxy === "auto" ? peakInstances(stage) > SHARE * maxConnections(stage) : proxy;
}
