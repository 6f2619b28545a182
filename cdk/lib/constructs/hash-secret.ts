import { RemovalPolicy } from "aws-cdk-lib";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "../acknowledge.ts";

export interface HashSecretProps {
  readonly disposable: boolean;
}

/**
 * The secret that keys the hashes of suppressed addresses. It is never replaced: hashes that were made with another one
 * would suppress nobody, and the service refuses to work with it.
 */
export class HashSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, { disposable }: HashSecretProps) {
    super(scope, id);
    this.secret = new Secret(this, "Secret", {
      description: "MMMS: keys the hashes of suppressed addresses; must never be replaced",
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      // A backup of the database is of no use without it.
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(this.secret, "A rotation would make every hash in the database useless", "AwsSolutions-SMG4");
    acknowledge(this.secret, "Encrypted by Secrets Manager's own key, which no other account can use", "CKV_AWS_149");
  }
}
