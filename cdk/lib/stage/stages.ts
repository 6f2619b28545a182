import type { Stage } from "./stage.ts";

/** To try things: the least that is not a toy, and nothing of it outlives the stack. */
const dev: Stage = {
  name: "dev",
  // What build machines mostly are. arm64 costs a fifth less; scripts/build makes it on such a machine or cross-compiles.
  architecture: "x86_64",
  network: {
    kind: "new",
    // Three tiers in two zones need six subnets; a /20 leaves each room for hundreds of functions and endpoints.
    cidr: "10.40.0.0/20",
    // RDS wants subnets in two zones, even for one instance.
    zones: 2,
    // Three endpoints in one zone cost 22 $ a month, one NAT gateway with its address 37 $ and its traffic; and what
    // is not AWS cannot be reached.
    exit: "endpoints",
    // Functions of the other zone use it too. When that zone fails, so does the dev stage.
    exitZones: 1,
  },
  database: {
    // 102 connections, and a hundred times the processor that a million recipients a month take; 12 $.
    instance: "t4g.micro",
    // The least that RDS has. A recipient takes about 1 kB; beyond the most, a stage to try things in has gone wrong.
    storageGiB: 20,
    maxStorageGiB: 50,
    // Costs as much again.
    standby: false,
    // Enough to look at what went wrong yesterday.
    backupDays: 1,
    // These rates do without.
    proxy: "auto",
  },
  // What a new account has.
  accountConcurrency: 10,
  // At 1,769 MiB a function has one processor: 512 is a third of one, and a mail costs 3 ms of a whole. The rate is more
  // than a person who tries things needs, keeps a loop that went wrong from costing much, and is what the ten instances
  // of a new account leave: a request beyond it gets API Gateway's 429, not a 503 for want of an instance.
  api: { memoryMiB: 512, rate: 5, burst: 6 },
  // Two is the least that SQS allows, and as much as an account in SES's sandbox can use (1 mail a second). Reserving
  // takes from an account that may have ten instances in all.
  worker: { memoryMiB: 512, maximumConcurrency: 2, reserved: false },
  // Every account starts there, and a test account mostly stays.
  sandbox: true,
  // Real people's addresses do not belong here for long; a fault is looked at within two weeks or not at all.
  retention: { mailDays: 7, logDays: 14 },
  disposable: true,
};

/** For real mail: survives a zone, and what it holds survives the stack. */
const prod: Stage = {
  name: "prod",
  // As in dev.
  architecture: "x86_64",
  network: {
    kind: "new",
    // Not dev's, so that both can be connected to one network.
    cidr: "10.41.0.0/20",
    // A third would cost another 22 $ for its endpoints, and the database uses two.
    zones: 2,
    // Three endpoints in two zones cost 44 $ a month, two NAT gateways with their addresses 73 $ and 0.045 $/GB; and
    // what is not AWS cannot be reached.
    exit: "endpoints",
    // Mail goes on when a zone fails.
    exitZones: 2,
  },
  database: {
    // 409 connections, and two processors at a fifth each: twice what a million mails an hour take; 94 $ with its standby.
    instance: "t4g.medium",
    // Room for some 30 million recipients.
    storageGiB: 40,
    // Retention removes addresses, not rows: it grows.
    maxStorageGiB: 500,
    // Takes over in a minute or two when its zone fails or the instance is changed.
    standby: true,
    // A fault may be seen only after a weekend and a holiday.
    backupDays: 14,
    // These rates want it, at 22 $ a month; apiReservedConcurrency 300 with apiBurst 300 does without.
    proxy: "auto",
  },
  // What an account has unless it asks for more: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  // A new one has ten: ask first, or set what it has.
  accountConcurrency: 1000,
  // 200 requests a second are 720,000 an hour, and each may carry 10,000 recipients. The burst is a front end's
  // whole audience pressing at once.
  api: { memoryMiB: 512, rate: 200, burst: 400 },
  // Two instances send some 2,600 recipients a second, which few accounts may; four leave room for slow calls. Those
  // that only wait for SES's rate are paid for.
  worker: { memoryMiB: 512, maximumConcurrency: 4, reserved: false },
  // Real mail goes to people who have not verified their addresses.
  sandbox: false,
  // Complaints and questions about a mail come within a month; what the logs hold is not personal.
  retention: { mailDays: 30, logDays: 90 },
  // What was sent is known nowhere else.
  disposable: false,
};

/** For the tests: `dev`, deployed into an emulator of AWS on one machine. All that differs is here. */
const emulator: Stage = {
  ...dev,
  name: "emulator",
  // The emulator sends nothing to anybody, and refuses a sender whose domain it was not told of.
  sender: { domain: "example.com" },
};

export const STAGES: Readonly<Record<string, Stage>> = { dev, prod, emulator };
