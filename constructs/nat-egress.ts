import { Eip } from "@cdktf/provider-aws/lib/eip";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import type { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";

/** Availability zone, by its name, e.g. `us-east-1a`, or by its id, e.g. `use1-az1`. */
export type ZonePlace = { readonly availabilityZone: string } | { readonly availabilityZoneId: string };

/** Zone whose private subnet needs egress to the internet. */
export interface NatZone {
  readonly place: ZonePlace;
  /** Block of the public subnet of the zone's gateway. */
  readonly publicBlock: string;
  /** Route table of the private subnet. */
  readonly privateRoutes: RouteTable;
}

export interface NatEgressProps {
  readonly vpc: Vpc;
  readonly zones: readonly NatZone[];
  /** True for a gateway in each zone; false: all zones use the first one's. */
  readonly gatewayInEachZone: boolean;
  /** Prefix of the `Name` tags. */
  readonly namePrefix: string;
}

const INTERNET = "0.0.0.0/0";

/** Egress from private subnets to the internet: public subnets, NAT gateways, routes. */
export class NatEgress extends Construct {
  private readonly props: NatEgressProps;
  private readonly internet: InternetGateway;

  constructor(scope: Construct, id: string, props: NatEgressProps) {
    super(scope, id);
    this.props = props;
    this.internet = new InternetGateway(this, "internet", {
      vpcId: props.vpc.id,
      tags: this.tags("internet"),
    });
    const publicRoutes = this.publicRoutes();
    let gateway: NatGateway | undefined;
    for (const zone of props.zones) {
      const subnet = this.publicSubnet(zone, publicRoutes);
      if (gateway === undefined || props.gatewayInEachZone) gateway = this.gateway(zone, subnet);
      new Route(this, `private-${nameOf(zone)}`, {
        routeTableId: zone.privateRoutes.id,
        destinationCidrBlock: INTERNET,
        natGatewayId: gateway.id,
      });
    }
  }

  private tags(rest: string) {
    return { Name: `${this.props.namePrefix}-${rest}` };
  }

  private publicRoutes(): RouteTable {
    const table = new RouteTable(this, "public", { vpcId: this.props.vpc.id, tags: this.tags("public") });
    new Route(this, "public-to-internet", {
      routeTableId: table.id,
      destinationCidrBlock: INTERNET,
      gatewayId: this.internet.id,
    });
    return table;
  }

  private publicSubnet(zone: NatZone, routes: RouteTable): Subnet {
    const name = `public-${nameOf(zone)}`;
    const subnet = new Subnet(this, name, {
      vpcId: this.props.vpc.id,
      ...zone.place,
      cidrBlock: zone.publicBlock,
      mapPublicIpOnLaunch: false,
      tags: this.tags(name),
    });
    new RouteTableAssociation(this, `${name}-routes`, { routeTableId: routes.id, subnetId: subnet.id });
    return subnet;
  }

  private gateway(zone: NatZone, subnet: Subnet): NatGateway {
    const name = `nat-${nameOf(zone)}`;
    const address = new Eip(this, `${name}-address`, { domain: "vpc", tags: this.tags(name) });
    return new NatGateway(this, name, {
      allocationId: address.id,
      subnetId: subnet.id,
      tags: this.tags(name),
      // its address answers only once the VPC has its gateway
      dependsOn: [this.internet],
    });
  }
}

function nameOf({ place }: NatZone): string {
  return "availabilityZone" in place ? place.availabilityZone : place.availabilityZoneId;
}
