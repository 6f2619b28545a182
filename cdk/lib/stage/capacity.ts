import { DATABASE_INSTANCES, type Stage } from "./stage.ts";

/** Two sweeps at once: one that takes longer than a minute, and the next. */
export const SWEEPS = 2;
/** Of the database's connections, what the functions may take: the rest is for people and for RDS itself. */
const SHARE = 0.8;

/** Memory that one connection may take, a little more than RDS reckons with: 10 MiB. */
const BYTES_PER_CONNECTION = 10 * 2 ** 20;

/**
 * Connections that the parameter group allows. By default RDS would allow DBInstanceClassMemory / 9531392, and says
 * nowhere how much less that memory is than the class's: what was computed from the class was never reached.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
 */
export function maxConnections(stage: Stage): number {
  const bytes = DATABASE_INSTANCES[stage.database.instance] * 2 ** 30;
  return Math.min(5000, Math.floor(bytes / BYTES_PER_CONNECTION));
}

/** Instances of functions at the worst hour. Each has one connection. */
export function peakInstances(stage: Stage): number {
  const { api, worker } = stage;
  // A request that waits for SES keeps its instance for about a second.
  const apis = Math.min(apiConcurrency(stage), api.burst + api.rate);
  return apis + worker.maximumConcurrency + SWEEPS;
}

/** Instances that the API can have: beyond them API Gateway answers 503 in its own words. */
export function apiConcurrency({ api, worker, accountConcurrency }: Stage): number {
  return api.reservedConcurrency ?? accountConcurrency - worker.maximumConcurrency - SWEEPS;
}

export function needsProxy(stage: Stage): boolean {
  const { proxy } = stage.database;
  return proxy === "auto" ? peakInstances(stage) > SHARE * maxConnections(stage) : proxy;
}
