import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Api } from "./constructs/api.ts";
import { Database } from "./constructs/database.ts";
import { HashSecret } from "./constructs/hash-secret.ts";
import { MailEvents } from "./constructs/mail-events.ts";
import { Migration } from "./constructs/migration.ts";
import { Monitoring } from "./constructs/monitoring/monitoring.ts";
import { Network } from "./constructs/network.ts";
import { POSTER_TIMEOUT, Poster } from "./constructs/poster.ts";
import { Queues } from "./constructs/queues.ts";
import { Sender } from "./constructs/sender.ts";
import { WORKER_TIMEOUT, Worker } from "./constructs/worker.ts";
import type { Programs } from "./program.ts";
import type { Stage } from "./stage/stage.ts";
import { todo } from "./todo.ts";

export interface MmmsStackProps extends StackProps {
  readonly stage: Stage;
  readonly programs: Programs;
  /** The routes of the HTTP API, `POST /v1/mail` and so on. */
  readonly routes: readonly string[];
}

/** The whole service. */
export class MmmsStack extends Stack {
  constructor(scope: Construct, id: string, props: MmmsStackProps) {
    super(scope, id, { terminationProtection: !props.stage.disposable, ...props });
    const { stage, programs, routes } = props;

    const network = new Network(this, "Network", { network: stage.network, logDays: stage.retention.logDays });
    const database = new Database(this, "Database", { stage, network });
    const queues = new Queues(this, "Queues", {
      timeout: WORKER_TIMEOUT,
      posterTimeout: stage.webhooks.enabled ? POSTER_TIMEOUT : undefined,
      disposable: stage.disposable,
    });
    const sender = new Sender(this, "Sender", { sender: stage.sender });
    new MailEvents(this, "MailEvents", { sender, queues });
    const hashSecret = new HashSecret(this, "HashSecret", { disposable: stage.disposable });
    const service = { stage, network, database, queues, sender, hashSecret };
    const api = new Api(this, "Api", { ...service, code: programs.api, routes });
    const worker = new Worker(this, "Worker", { ...service, code: programs.worker, publicUrl: api.url });
    const poster = queues.webhooks
      ? new Poster(this, "Poster", { stage, queues: queues.webhooks, code: programs.poster })
      : undefined;
    const before = [api, worker, ...(database.proxy ? [database.proxy] : [])];
    const migration = new Migration(this, "Migration", { stage, network, database, code: programs.worker, before });
    const monitoring = new Monitoring(this, "Monitoring", { stage, api, worker, poster, queues, database, sender });

    this.output("ApiUrl", api.url, "The service");
    this.output("DocsUrl", `${api.url}/docs`, "Swagger UI");
    this.output("ConsoleUrl", `${api.url}/console`, "The console for operators; requires the admin token");
    this.output("ResultQueueUrl", queues.results.queueUrl, "The end of each recipient, for the back end to read");
    this.output("ResultQueueArn", queues.results.queueArn, "The same, for the policy of its reader");
    this.output("AdminSecretName", api.adminToken.secretName, "The secret with the admin token");
    this.output("HashSecretName", hashSecret.secret.secretName, "The secret of the hashes; never replace it");
    this.output(
      "DeadLetterQueueArn",
      queues.processingDeadLetters.queueArn,
      "Wake-up messages that failed too often, and malformed messages",
    );
    this.output("EventQueueArn", queues.events.queueArn, "Events of SES, for the worker");
    this.output(
      "EventDeadLetterQueueArn",
      queues.eventsDeadLetters.queueArn,
      "Events of SES that could not be recorded: move them back to EventQueueArn",
    );
    if (queues.webhooks) {
      this.output(
        "WebhookDeadLetterQueueArn",
        queues.webhooks.messagesDeadLetters.queueArn,
        "Messages to webhooks that failed too often: the ledger sends them again",
      );
      this.output(
        "OutcomeDeadLetterQueueArn",
        queues.webhooks.outcomesDeadLetters.queueArn,
        "Outcomes of webhooks that could not be recorded: the ledger sends their events again",
      );
    }
    this.output(
      "ResultDeadLetterQueueArn",
      queues.resultsDeadLetters.queueArn,
      "Results that the back end did not delete",
    );
    this.output(
      "MigrationFunctionName",
      migration.program.function.functionName,
      "Migrates, and sets up the database's role",
    );
    this.output("AlarmTopicArn", monitoring.topic.topicArn, "The topic of the alarms");
    this.output("DashboardName", monitoring.dashboard.dashboardName, "The dashboard in CloudWatch");
    if (sender.domain) this.output("SenderDomain", sender.domain, "The domain that may send");
    for (const [name, what] of Object.entries(todo({ stage, api, sender }))) {
      this.output(name, what, "A task for a person");
    }
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
