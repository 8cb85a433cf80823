import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Some seconds to a minute each, by their duration. Of two that run side by side, neither shall be left at the end. */
const LONG = [
  "test/integration/wholeWay.test.ts",
  "test/integration/lostRight.test.ts",
  "test/integration/awsOutage.test.ts",
  "test/integration/renewal.test.ts",
  "test/controllers/Operator.test.ts",
  "test/cp/bootstrap/kumaDpTraffic.test.ts",
  "test/integration/database.test.ts",
  "test/integration/traces.test.ts",
  "test/integration/throttled.test.ts",
  "test/cp/api/schemathesis.test.ts",
  "test/sidecar/sidecar.test.ts",
  "test/integration/replicas.test.ts",
  "test/cp/store/EmbeddedPostgres.test.ts",
  "test/integration/whoIsWho.test.ts",
  "test/integration/abruptStop.test.ts",
  "test/controllers/perturbed/seedsOne.test.ts",
  "test/controllers/perturbed/seedsTwo.test.ts"
]

/**
 * Files that are alone in their process begin, as those that wait for other programs are among them; what only computes
 * fills the end evenly. Else as vitest does it: what took long the last time comes first.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const at = LONG.indexOf(relative(project.config.root, moduleId))
      return (project.config.isolate ? 0 : LONG.length + 1) + (at === -1 ? LONG.length : at)
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
