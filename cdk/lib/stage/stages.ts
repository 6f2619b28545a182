import type { Stage } from "./stage.ts";

/** For trials: the smallest realistic sizes, and nothing of it outlives the stack. */
const dev: Stage = {
  name: "dev",
  // Most build machines have this architecture. arm64 costs a fifth less; scripts/build makes it on such a machine or
  // cross-compiles.
  architecture: "x86_64",
  network: {
    kind: "new",
    // Three tiers in two zones need six subnets; a /20 leaves each room for hundreds of functions and endpoints.
    cidr: "10.40.0.0/20",
    // RDS needs subnets in two zones, even for one instance.
    zones: 2,
    // Three endpoints in one zone cost 22 $ a month, one NAT gateway with its address 37 $ and its traffic; and
    // hosts outside AWS cannot be reached.
    exit: "endpoints",
    // Functions of the other zone use it too. When that zone fails, so does the dev stage.
    exitZones: 1,
  },
  database: {
    // It has 102 connections, and a hundred times the processor that a million recipients a month take; 12 $.
    instance: "t4g.micro",
    // RDS's minimum. A recipient takes about 1 kB; a trial stage that needs more than the maximum has a fault.
    storageGiB: 20,
    maxStorageGiB: 50,
    // A standby costs as much again.
    standby: false,
    // One day is enough to examine yesterday's faults.
    backupDays: 1,
    // These rates need no proxy.
    proxy: "auto",
  },
  // The quota of a new account.
  accountConcurrency: 10,
  // At 1,769 MiB a function has one processor: 512 is a third of one, and a mail costs 3 ms of a whole. The rate is
  // more than a person needs for trials, limits the cost of an endless loop, and is the rate that the ten instances of
  // a new account leave: a request beyond it gets API Gateway's 429, not a 503 because no instance is available.
  api: { memoryMiB: 512, rate: 4, burst: 4 },
  // Two is SQS's minimum, and as much as an account in SES's sandbox can use (1 mail a second). A reservation would
  // take instances from an account that may have ten in all.
  worker: { memoryMiB: 512, maximumConcurrency: 2, eventConcurrency: 2, reserved: false },
  // Off: their two event sources take four instances at least, and a new account's ten are used up without them. Two
  // instances post twenty messages at once.
  webhooks: { enabled: false, concurrency: 2, reach: "public" },
  // Every account starts in the sandbox, and a test account mostly stays there.
  sandbox: true,
  // Addresses of real people should not stay here for long; a fault is examined within two weeks or not at all.
  retention: { mailDays: 7, keepDays: 400, eventDays: 30, logDays: 14 },
  disposable: true,
};

/** For real mail: the stage survives the loss of a zone, and its data survives the stack. */
const prod: Stage = {
  name: "prod",
  // The same as in dev.
  architecture: "x86_64",
  network: {
    kind: "new",
    // The range differs from dev's, so that both can be connected to one network.
    cidr: "10.41.0.0/20",
    // A third zone would cost another 22 $ for its endpoints, and the database uses two.
    zones: 2,
    // Three endpoints in two zones cost 44 $ a month, two NAT gateways with their addresses 73 $ and 0.045 $/GB; and
    // hosts outside AWS cannot be reached.
    exit: "endpoints",
    // Mail is still sent when a zone fails.
    exitZones: 2,
  },
  database: {
    // It has 409 connections, and two processors at a fifth each: twice as much as a million mails an hour take; 94 $
    // with its standby.
    instance: "t4g.medium",
    // The storage has room for about 30 million recipients.
    storageGiB: 40,
    // The storage grows until mailings are as old as keepDays, and then stays.
    maxStorageGiB: 500,
    // The standby takes over in a minute or two when a zone fails or the instance is changed.
    standby: true,
    // A fault may be noticed only after a weekend and a holiday.
    backupDays: 14,
    // These rates need a proxy, at 22 $ a month; apiReservedConcurrency 300 with apiBurst 300 needs none.
    proxy: "auto",
  },
  // The default quota of an account: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  // A new account has ten: ask for more first, or set its quota here.
  accountConcurrency: 1000,
  // 200 requests a second are 720,000 an hour, and each may carry 10,000 recipients. The burst is for
  // all users of a front end at once.
  api: { memoryMiB: 512, rate: 200, burst: 400 },
  // Two instances send some 2,600 recipients a second, which few accounts may; four leave room for slow calls.
  // Instances that only wait for SES's rate cost money too.
  // Two take some 400 events a second (a guess: ten in 50 ms), which SES sends for 200 mails.
  worker: { memoryMiB: 512, maximumConcurrency: 4, eventConcurrency: 2, reserved: false },
  // Ten instances post a hundred messages at once, eight of a webhook, and one of a webhook that fails. An instance is
  // busy until its slowest message is answered, 15 s at most.
  webhooks: { enabled: true, concurrency: 10, reach: "public" },
  // Real mail goes to people who have not verified their addresses.
  sandbox: false,
  // Complaints and questions about a mail come within a month; the logs contain no personal data. A month can still be
  // compared with that of the year before.
  retention: { mailDays: 30, keepDays: 400, eventDays: 30, logDays: 90 },
  // No other record of sent mail exists.
  disposable: false,
};

/** For the tests: `dev`, deployed into an emulator of AWS on one machine. All differences are listed here. */
const emulator: Stage = {
  ...dev,
  name: "emulator",
  // The emulator sends no mail, and refuses a sender whose domain was not registered with it.
  sender: { domain: "example.com" },
  // The emulator has no quota, and the receiver of the tests is on its machine.
  webhooks: { enabled: true, concurrency: 2, reach: "loopback" },
  accountConcurrency: 1000,
};

export const STAGES: Readonly<Record<string, Stage>> = { dev, prod, emulator };
