/**
 * Which region and partition an STS host belongs to, by AWS's own naming.
 * https://docs.aws.amazon.com/general/latest/gr/sts.html
 */

export interface StsHost {
  readonly host: string
  /** Region that a signature for this host must have in its scope. */
  readonly region: string
  readonly partition: string
}

const REGION = "[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}"

const SHAPES: ReadonlyArray<RegExp> = [
  new RegExp(`^sts(?:-fips)?\\.(${REGION})\\.(?:amazonaws\\.com|amazonaws\\.com\\.cn)$`),
  // Dual stack.
  new RegExp(`^sts(?:-fips)?\\.(${REGION})\\.(?:api\\.aws|api\\.amazonwebservices\\.com\\.cn)$`)
]

const partitionOf = (region: string): string =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws"

/** Null where AWS has no STS of that name. The global host takes us-east-1's signatures. */
export const describeStsHost = (host: string): StsHost | null => {
  if (host === "sts.amazonaws.com") return { host, region: "us-east-1", partition: "aws" }
  for (const shape of SHAPES) {
    const region = shape.exec(host)?.[1]
    if (region === undefined) continue
    const partition = partitionOf(region)
    return host.endsWith(".cn") === (partition === "aws-cn") ? { host, region, partition } : null
  }
  return null
}
