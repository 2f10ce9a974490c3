import { type ManifestName, manifestKey } from "../../../runtime/manifests/manifests";
import type { Operator } from "../command/operator";
import type { Again } from "../pipelines/again";
import type { HowAgain, PipelineAgain } from "../pipelines/reprocess";
import { readFile } from "./find";
import { carriedOut } from "./reprocess";
import { type Order, planOf, planOfFile } from "./reprocess-plan";

interface ManifestsAgain extends PipelineAgain {
  /** Does a manifest again, with all its files. */
  manifest(operator: Operator, name: ManifestName, how: HowAgain): AsyncIterable<Again>;
}

/** Does files of the manifests pipeline again: by the manifest that lists them, or by the builder where none does. */
export const manifestsAgain: ManifestsAgain = {
  async file(operator, { key, version }, { apply, withoutGone, onlyQuarantined }) {
    const found = await readFile(operator, key);
    if (found === undefined) return undefined;
    const which = { onlyQuarantined, ...(version && { version }) };
    return carriedOut(operator, planOfFile(operator, found, which, withoutGone), apply);
  },
  ofStatus(operator, { status, dataset }, { apply, withoutGone }) {
    const open = status === "quarantined" ? status : "failed";
    const orders = planOf(operator, { status: open, withoutGone, ...(dataset && { dataset }) });
    return carriedOut(operator, orders, apply);
  },
  manifest(operator, name, { apply, withoutGone, onlyQuarantined }) {
    const manifest = manifestKey(name);
    if (onlyQuarantined) return carriedOut(operator, notInQuarantine(manifest), apply);
    return carriedOut(operator, planOf(operator, { manifest, withoutGone }), apply);
  },
};

async function* notInQuarantine(what: string): AsyncGenerator<Order> {
  yield { kind: "left", what, why: "a manifest is not in quarantine: name its files" };
}
