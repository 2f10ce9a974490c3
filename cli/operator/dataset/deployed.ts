import { EntityNotFoundException, GetTableCommand, type GlueClient } from "@aws-sdk/client-glue";
import { GetObjectCommand, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import type { Deployed } from "../../../datasets/schema/changes";
import { readDeclaration } from "../../../datasets/schema/problems";
import { schemaKey, VERSION_PARAMETER } from "../../../datasets/schema/version";
import { bucketName, databaseName, type Environment } from "../../../environments/schema";

export interface CatalogClients {
  readonly glue: GlueClient;
  readonly s3: S3Client;
}

/** What stands of a dataset, and the version that was deployed last. */
export interface DeployedDataset extends Deployed {
  readonly version: string | undefined;
}

/** Reads what stands of a dataset; undefined where it has no table. */
export async function readDeployed(
  { glue, s3 }: CatalogClients,
  environment: Environment,
  dataset: string,
): Promise<DeployedDataset | undefined> {
  try {
    const { Table } = await glue.send(
      new GetTableCommand({ DatabaseName: databaseName(environment), Name: dataset }),
    );
    const version = Table?.Parameters?.[VERSION_PARAMETER];
    const declaration = version && (await keptDeclaration(s3, environment, dataset, version));
    return {
      version,
      columns: (Table?.StorageDescriptor?.Columns ?? []).map(({ Name = "", Type = "" }) => ({
        name: Name,
        type: Type,
      })),
      partitionKeys: (Table?.PartitionKeys ?? []).map(({ Name = "" }) => Name),
      ...(declaration && { declaration }),
    };
  } catch (error) {
    if (error instanceof EntityNotFoundException) return undefined;
    throw error;
  }
}

/** Declaration of a version; undefined where it was not kept, or is one of another release's. */
async function keptDeclaration(s3: S3Client, environment: Environment, dataset: string, version: string) {
  try {
    const { Body } = await s3.send(
      new GetObjectCommand({
        Bucket: bucketName(environment, "artifacts"),
        Key: schemaKey(dataset, version, "dataset.json"),
        ExpectedBucketOwner: environment.account,
      }),
    );
    return readDeclaration(JSON.parse((await Body?.transformToString()) ?? "null")).declaration;
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
