/** How long names may be that end up in hostnames. */
import type { DesiredResource } from "../Resource.ts"
import { DISPLAY_NAME_LABEL } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { violationIf } from "./violationPath.ts"

/** A label of a hostname. https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
const MAX = 63

export const validateHostLabelName = ({ labels, name }: DesiredResource): ReadonlyArray<Violation> =>
  violationIf((labels[DISPLAY_NAME_LABEL] ?? name).length > MAX, "name",
    `must not be longer than ${MAX} characters`)
