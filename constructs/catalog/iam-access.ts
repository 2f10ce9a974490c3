import type { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database";
import type { GlueCatalogTable } from "@cdktf/provider-aws/lib/glue-catalog-table";
import { LakeformationPermissions } from "@cdktf/provider-aws/lib/lakeformation-permissions";
import { Construct } from "constructs";

export interface IamAccessProps {
  readonly database: GlueCatalogDatabase;
  readonly tables: readonly GlueCatalogTable[];
}

/** Group of all principals that IAM's policies admit, as Lake Formation's API names it. */
const IAM_ALLOWED_PRINCIPALS = "IAM_ALLOWED_PRINCIPALS";

/**
 * Lets IAM's policies alone decide about a database and its tables, where Lake Formation's defaults of the account
 * would ask for grants of its own. Whoever created them may give this grant.
 *
 * @see https://docs.aws.amazon.com/ja_jp/lake-formation/latest/dg/metadata-permissions.html (2026-11-30)
 * @see https://docs.aws.amazon.com/lake-formation/latest/dg/implicit-permissions.html (2026-11-30)
 */
export class IamAccess extends Construct {
  constructor(scope: Construct, id: string, { database, tables }: IamAccessProps) {
    super(scope, id);
    const grant = { principal: IAM_ALLOWED_PRINCIPALS, permissions: ["ALL"] };
    new LakeformationPermissions(this, "database", { ...grant, database: { name: database.name } });
    for (const { name, databaseName, node } of tables) {
      new LakeformationPermissions(this, `${node.scope?.node.id}-${node.id}`, {
        ...grant,
        table: { databaseName, name },
      });
    }
  }
}
