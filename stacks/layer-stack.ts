import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Aspects, S3Backend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { EncryptionKey, type EncryptionKeyProps } from "../constructs/encryption-key";
import {
  DEPLOYMENT_TAG,
  deploymentTag,
  type Environment,
  type Layer,
  permissionsBoundaryArn,
  resourceName,
  stackName,
  stateBucketName,
  stateKey,
} from "../environments/schema";
import { ProviderLock } from "./provider-lock";
import { RoleSettings } from "./role-settings";

/** One layer of one environment: a Terraform state, a provider, and tags of everything in it. */
export abstract class LayerStack extends TerraformStack {
  protected readonly environment: Environment;

  constructor(scope: Construct, environment: Environment, layer: Layer) {
    super(scope, stackName(environment, layer));
    this.environment = environment;
    this.synthesizer = new ProviderLock(this);
    this.keepState(layer);
    Aspects.of(this).add(new RoleSettings(environment.iam.path, permissionsBoundaryArn(environment)));
    new AwsProvider(this, "aws", {
      region: environment.region,
      allowedAccountIds: [environment.account],
      s3UsePathStyle: environment.storage.pathStyle,
      defaultTags: [
        {
          tags: {
            ...environment.tags,
            project: environment.project,
            environment: environment.name,
            [DEPLOYMENT_TAG]: deploymentTag(environment),
            layer,
            "managed-by": "terraform",
          },
        },
      ],
    });
  }

  /** Creates a key of the environment under `protects`, the name of what it protects. */
  protected encryptionKey(
    id: string,
    protects: string,
    props: Pick<EncryptionKeyProps, "description" | "users" | "dynamodb">,
  ): EncryptionKey {
    const { account, region, storage, deletionGuard } = this.environment;
    return new EncryptionKey(this, id, {
      ...props,
      aliasName: resourceName(this.environment, protects),
      account,
      region,
      deletionWindowInDays: storage.keyDeletionDays,
      preventDestroy: deletionGuard,
    });
  }

  private keepState(layer: Layer): void {
    const backend = new S3Backend(this, {
      bucket: stateBucketName(this.environment),
      key: stateKey(this.environment, layer),
      region: this.environment.region,
      encrypt: true,
      allowedAccountIds: [this.environment.account],
      usePathStyle: this.environment.storage.pathStyle,
    });
    // the lock file has no typed property; a remote-state data source needs none
    backend.addOverride("use_lockfile", true);
  }
}
