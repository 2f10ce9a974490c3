import type { GlueJob } from "@cdktf/provider-aws/lib/glue-job";
import { GlueTrigger } from "@cdktf/provider-aws/lib/glue-trigger";
import { GlueWorkflow as AwsGlueWorkflow } from "@cdktf/provider-aws/lib/glue-workflow";
import { Construct } from "constructs";

export interface GlueWorkflowProps {
  readonly workflowName: string;
  readonly description: string;
  readonly job: GlueJob;
  /** Schedule, in Glue's cron notation and UTC. @default - by StartWorkflowRun alone */
  readonly schedule?: string | undefined;
}

/**
 * Workflow of a job, one run at a time: Glue refuses a second one. A trigger that starts a job beyond the job's own
 * maximum of runs makes a failed run, so no trigger may start a job that is started in other ways as well.
 *
 * @see https://docs.aws.amazon.com/goto/WebAPI/glue/UpdateWorkflow (2026-11-30)
 * @see https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html (2026-11-30)
 */
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
  }

  /**
   * Adds the one starting trigger: Glue refuses a second.
   *
   * @see https://docs.aws.amazon.com/glue/latest/dg/blueprint_workflow_restrictions.html (2026-11-29)
   */
  private startingTrigger({ workflowName, job, schedule }: GlueWorkflowProps): void {
    const common = { workflowName: this.workflow.name, actions: [{ jobName: job.name }] };
    const name = `${workflowName}-start`;
    if (schedule === undefined) {
      // the provider fires an enabled one as soon as it exists
      new GlueTrigger(this, "start", { ...common, name, type: "ON_DEMAND", enabled: false });
    } else {
      new GlueTrigger(this, "start", { ...common, name, type: "SCHEDULED", schedule });
    }
  }
}
