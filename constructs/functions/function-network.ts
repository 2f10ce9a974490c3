/** Network of a function in a VPC. */
import type { PolicyStatement } from "../policy";

/** Subnets and security groups of a function, in Lambda's terms. */
export interface FunctionNetwork {
  readonly subnetIds: string[];
  readonly securityGroupIds: string[];
}

const MANAGE_INTERFACES = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

/**
 * Statements for the function's network interfaces: Lambda creates them with the function's role, and the
 * function's own code may not. AWS, "Giving Lambda functions access to resources in an Amazon VPC", requires
 * all these actions, and has the denial.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html (2026-11-29)
 * @see https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html (2026-11-29)
 */
export function useNetworkInterfaces(
  functionName: string,
  { account, region }: { readonly account: string; readonly region: string },
): PolicyStatement[] {
  return [
    {
      sid: "MakeOwnNetworkInterfaces",
      actions: MANAGE_INTERFACES,
      // interfaces have no name before they are made, and Lambda refuses a role that names single resources
      resources: [`arn:aws:ec2:${region}:${account}:*/*`],
    },
    {
      sid: "FindNetworkInterfaces",
      actions: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
      resources: ["*"], // a listing: AWS accepts no single interface here
    },
    {
      sid: "DenyInterfacesToCode",
      effect: "Deny",
      actions: [...MANAGE_INTERFACES, "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
      resources: ["*"], // whatever it would be tried on
      condition: {
        ArnEquals: {
          "lambda:SourceFunctionArn": `arn:aws:lambda:${region}:${account}:function:${functionName}`,
        },
      },
    },
  ];
}
