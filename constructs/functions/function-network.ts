/** How a function runs in a VPC. */
import type { PolicyStatement } from "../policy";

/** Subnets and security groups of a function, in Lambda's own words. */
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
 * Lambda makes the function's network interfaces with the function's role; the function's own code may not.
 * AWS, "Giving Lambda functions access to resources in an Amazon VPC", asks for all these actions, and has the denial.
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
