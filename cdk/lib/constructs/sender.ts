import { Stack } from "aws-cdk-lib";
import { PublicHostedZone } from "aws-cdk-lib/aws-route53";
import {
  ConfigurationSet,
  ConfigurationSetTlsPolicy,
  EmailIdentity,
  Identity,
  SuppressionReasons,
} from "aws-cdk-lib/aws-ses";
import { Construct } from "constructs";
import type { SenderStage } from "../stage/stage.ts";

export interface SenderProps {
  /** Without a domain, every identity of the account may be used, and their records do not belong to this stack. */
  readonly sender?: SenderStage;
}

/**
 * The sender's identity at SES, with DKIM and a MAIL FROM of its own if there is a domain, and the configuration set
 * that every mail names.
 */
export class Sender extends Construct {
  readonly domain?: string;
  readonly configurationSet: ConfigurationSet;
  /**
   * The records that a person has to add to the domain's zone, `name TYPE value`; few if the zone is in this account.
   */
  readonly records: readonly string[];

  constructor(scope: Construct, id: string, { sender }: SenderProps) {
    super(scope, id);
    this.domain = sender?.domain;
    this.configurationSet = new ConfigurationSet(this, "ConfigurationSet", {
      // TLS is used if the other side offers it, as mail servers do. Requiring it would bounce mail to servers without
      // it.
      tlsPolicy: ConfigurationSetTlsPolicy.OPTIONAL,
      reputationMetrics: true,
      // SES does not send again to addresses that bounced or complained.
      suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    });
    this.records = sender ? this.addIdentity(sender) : [];
  }

  /** Returns the records that the stack does not write itself. */
  private addIdentity({ domain, hostedZoneId }: SenderStage): string[] {
    const zone =
      hostedZoneId === undefined
        ? undefined
        : PublicHostedZone.fromPublicHostedZoneAttributes(this, "Zone", { hostedZoneId, zoneName: domain });
    const mailFromDomain = `bounce.${domain}`;
    const identity = new EmailIdentity(this, "Identity", {
      identity: zone ? Identity.publicHostedZone(zone) : Identity.domain(domain),
      configurationSet: this.configurationSet,
      mailFromDomain,
    });
    const region = Stack.of(this).region;
    return [
      ...(zone
        ? []
        : [
            ...identity.dkimRecords.map(({ name, value }) => `${name} CNAME ${value}`),
            `${mailFromDomain} MX 10 feedback-smtp.${region}.amazonses.com`,
            `${mailFromDomain} TXT "v=spf1 include:amazonses.com ~all"`,
          ]),
      // An existing DMARC record is the company's own policy, which no stack should replace.
      `_dmarc.${domain} TXT "v=DMARC1; p=none;" (unless there is one)`,
    ];
  }
}
