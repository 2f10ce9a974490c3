import { ListCostAllocationTagsCommand } from "@aws-sdk/client-cost-explorer";
import { DEPLOYMENT_TAG } from "../../../../environments/schema";
import { type Check, ok, warning } from "../check";
import { COST_TAGS_LINK } from "../links";

/**
 * Looks up whether costs are counted by the tag that the budget filters by. Only the account that pays may know; the
 * request costs 0.01 USD, the only one of all checks that costs anything.
 *
 * @see https://aws.amazon.com/ar/aws-cost-management/aws-cost-explorer/faqs (2026-11-30)
 * @see https://docs.aws.amazon.com/goto/cli2/ce-2017-10-25/ListCostAllocationTags (2026-11-30)
 * @see https://pub.dev/documentation/pulumi_aws/latest/costexplorer/CostAllocationTag-class.html (2026-11-30)
 */
export const costTagCheck: Check = {
  group: "account",
  name: "cost-allocation tag",
  actions: ["ce:ListCostAllocationTags"],
  look: async ({ aws }) => {
    const { CostAllocationTags = [] } = await aws.costs.send(
      new ListCostAllocationTagsCommand({ TagKeys: [DEPLOYMENT_TAG], Type: "UserDefined" }),
    );
    const status = CostAllocationTags.find(({ TagKey }) => TagKey === DEPLOYMENT_TAG)?.Status;
    if (status === "Active") return [ok(`${DEPLOYMENT_TAG} is active`)];
    const link = COST_TAGS_LINK;
    return [
      status === undefined
        ? warning(`${DEPLOYMENT_TAG} is not known yet, so the budget counts nothing`, {
            wayOut: "activate it a day after the first deploy, in the account that pays",
            link,
          })
        : warning(`${DEPLOYMENT_TAG} is inactive, so the budget counts nothing`, {
            wayOut: "activate it, in the account that pays",
            link,
          }),
    ];
  },
};
