import type { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueTrigger } from "@cdktf/provider-aws/lib/glue-trigger";
import { GlueWorkflow as AwsGlueWorkflow } from "@cdktf/provider-aws/lib/glue-workflow";
import { Construct } from "constructs";

export interface GlueWorkflowProps {
  readonly workflowName: string;
  readonly description: string;
  readonly first: GlueJob;
  /** Job that runs when `first` has succeeded. */
  readonly second: GlueJob;
  /** Schedule, in Glue's cron notation and UTC. @default - by StartWorkflowRun alone */
  readonly schedule?: string | undefined;
}

/** Workflow of two consecutive jobs, one run of both at a time. */
export class GlueWorkflow extends Construct {
  readonly workflow: AwsGlueWorkflow;

  constructor(scope: Construct, id: string, props: GlueWorkflowProps) {
    super(scope, id);
    this.workflow = new AwsGlueWorkflow(this, "workflow", {
      name: props.workflowName,
      description: props.description,
      maxConcurrentRuns: 1,
    });
    this.startingTrigger(props);
    new GlueTrigger(this, "second", {
      name: `${props.workflowName}-second`,
      description: `starts ${props.second.name} when ${props.first.name} has succeeded`,
      workflowName: this.workflow.name,
      type: "CONDITIONAL",
      predicate: {
        conditions: [{ jobName: props.first.name, logicalOperator: "EQUALS", state: "SUCCEEDED" }],
      },
      actions: [{ jobName: props.second.name }],
    });
  }

  /**
   * Adds the one starting trigger: Glue refuses a second.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/blueprint_workflow_restrictions.html (2026-11-29)
   */
  private startingTrigger({ workflowName, first, schedule }: GlueWorkflowProps): void {
    const common = { workflowName: this.workflow.name, actions: [{ jobName: first.name }] };
    const name = `${workflowName}-start`;
    if (schedule === undefined) {
      // the provider fires an enabled one as soon as it exists
      new GlueTrigger(this, "start", { ...common, name, type: "ON_DEMAND", enabled: false });
    } else {
      new GlueTrigger(this, "start", { ...common, name, type: "SCHEDULED", schedule });
    }
  }
}
