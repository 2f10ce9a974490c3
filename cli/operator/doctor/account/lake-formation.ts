import { GetDataLakeSettingsCommand, type PrincipalPermissions } from "@aws-sdk/client-lakeformation";
import { type Check, failure, ok } from "../check";
import { lakeFormationLink } from "../links";

/**
 * Looks up whether IAM's policies alone decide about new databases and tables, as the roles of the platform expect.
 *
 * @see https://docs.aws.amazon.com/sdk-for-sap-abap/v1/api/latest/lkf/model/_AWS1_CL_LKFDATALAKESETTINGS.html (2026-11-30)
 */
export const lakeFormationCheck: Check = {
  group: "account",
  name: "Lake Formation's defaults",
  actions: ["lakeformation:GetDataLakeSettings"],
  look: async ({ aws, environment }) => {
    if (environment.storage.lakeFormation === "iam")
      return [ok("granted to all that IAM admits, by the settings")];
    const { DataLakeSettings = {} } = await aws.lakeFormation.send(new GetDataLakeSettingsCommand({}));
    const { CreateDatabaseDefaultPermissions, CreateTableDefaultPermissions } = DataLakeSettings;
    const governed = [
      ...(isIamAlone(CreateDatabaseDefaultPermissions) ? [] : ["databases"]),
      ...(isIamAlone(CreateTableDefaultPermissions) ? [] : ["tables"]),
    ];
    if (governed.length === 0) return [ok("IAM alone decides about new databases and tables")];
    return [
      failure(
        `new ${governed.join(" and ")} ask for grants of Lake Formation, which the platform's roles do not have`,
        {
          wayOut: 'set storage.lakeFormation: "iam" before the first deploy, or have the defaults changed',
          link: lakeFormationLink(environment.region),
        },
      ),
    ];
  },
};

function isIamAlone(defaults: readonly PrincipalPermissions[] = []): boolean {
  return defaults.some(
    ({ Principal, Permissions = [] }) =>
      Principal?.DataLakePrincipalIdentifier === "IAM_ALLOWED_PRINCIPALS" && Permissions.includes("ALL"),
  );
}
