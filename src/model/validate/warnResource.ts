/** What is said to the author of a resource that is accepted: what won't do for ever, and what does nothing here. */
import { keySources } from "../keySources.ts"
import { unknownField } from "../nearestName.ts"
import type { DesiredResource } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { recordOf } from "./backends.ts"
import { ALLOWED_PROTOCOLS_HINT, isProtocol } from "./validateTags.ts"
import { field, inEach, violationIf } from "./violationPath.ts"
import { warnings as withoutEffect } from "./withoutEffect.ts"

const LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
const PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const MAX_LENGTH = 63

/** Their names become parts of hostnames and SNIs. */
const NAMED_BY_DNS = ["Mesh", "Zone", "MeshService", "MeshExternalService", "MeshMultiZoneService"]

const matches = (grammar: string, text: string): boolean => new RegExp(`^${grammar}$`).test(text)

const whole = (message: string): Violation => ({ field: "", message })

const TOO_LONG = `must be no more than ${MAX_LENGTH} characters`

const warnName = ({ name, type }: DesiredResource): ReadonlyArray<Violation> => {
  if (!NAMED_BY_DNS.includes(type)) return []
  const errors = [
    ...(name.length > MAX_LENGTH ? [TOO_LONG] : []),
    ...(matches(LABEL, name)
      ? []
      : ["a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation " +
        `is '${LABEL}')`])
  ]
  return errors.length === 0 ? [] : [whole(
    `Invalid ${type} resource name: '${name}'. It does not conform to the DNS format (RFC 1035). This is deprecated. ` +
      `Errors: ${errors.join(", ")}`
  )]
}

interface Port {
  readonly name?: string
  readonly port: number
}

const portsOf = (resource: DesiredResource): ReadonlyArray<Port> => {
  if (isDesired("MeshService", resource)) return resource.spec.ports ?? []
  if (isDesired("MeshMultiZoneService", resource)) return resource.spec.ports
  return isDesired("MeshExternalService", resource) ? [resource.spec.match] : []
}

const isDesired = <T extends DesiredResource["type"]>(
  type: T,
  resource: DesiredResource
): resource is DesiredResource<T> => resource.type === type

const sniProblem = (name: string, section: string): string | undefined => {
  if (name.includes(".")) return `name "${name}" does not conform to RFC 1123: must not contain dots`
  if (name.length > MAX_LENGTH) return `name "${name}" does not conform to RFC 1123: ${TOO_LONG}`
  if (section.length > MAX_LENGTH) return TOO_LONG
  return matches(PART, section)
    ? undefined
    : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end " +
      `with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${PART}')`
}

const warnSnis = (resource: DesiredResource): ReadonlyArray<Violation> =>
  portsOf(resource).flatMap(({ name, port }) => {
    const section = name ?? String(port)
    const problem = sniProblem(resource.name, section)
    return problem === undefined
      ? []
      : [whole(`Invalid ${resource.type} SNI (port "${section}"): ${problem}. This is deprecated.`)]
  })

/** What isn't known is carried as bytes, and that has its price. */
const warnProtocols = (resource: DesiredResource): ReadonlyArray<Violation> =>
  isDesired("MeshService", resource)
    ? inEach("spec.ports", resource.spec.ports, ({ appProtocol }, path) =>
        violationIf(!isProtocol(appProtocol), field(path, "appProtocol"),
          `"${appProtocol.slice(0, 100)}" isn't known: its traffic is carried as bytes, without what holds for requests. ` +
            ALLOWED_PROTOCOLS_HINT))
    : []

/** Whoever may read the resource reads its key. */
const warnKeys = (resource: DesiredResource): ReadonlyArray<Violation> =>
  keySources(resource).flatMap(({ path, source }) =>
    ["inline", "inlineString"].filter((name) => Object.hasOwn(source, name)).map((name) => ({
      field: field(path, name),
      message: `whoever reads this ${resource.type} reads its key: put it into a Secret, and name that`
    })))

/** What a CA's configuration may hold; in the Mesh it's kept as it came. */
const CONF_FIELDS: Readonly<Record<string, ReadonlyArray<string>>> = {
  "builtin conf": ["caCert"],
  "builtin conf.caCert": ["RSAbits", "expiration"],
  "provided conf": ["cert", "key"]
}

const unknownIn = (value: unknown, path: string, known: ReadonlyArray<string> | undefined): ReadonlyArray<Violation> =>
  known === undefined ? [] : Object.keys(recordOf(value)).filter((name) => !known.includes(name)).map((name) => ({
    field: field(path, name.slice(0, 100)),
    message: unknownField(name, known)
  }))

const warnAuthorities = (resource: DesiredResource): ReadonlyArray<Violation> =>
  isDesired("Mesh", resource)
    ? inEach("mtls.backends", resource.spec.mtls?.backends, ({ conf, type }, path) => [
        ...unknownIn(conf, field(path, "conf"), CONF_FIELDS[`${type} conf`]),
        ...unknownIn(conf?.["caCert"], field(path, "conf.caCert"), CONF_FIELDS[`${type} conf.caCert`])
      ])
    : []

export const warnResource = (resource: DesiredResource): ReadonlyArray<Violation> => [
  ...warnName(resource),
  ...warnSnis(resource),
  ...warnAuthorities(resource),
  ...warnProtocols(resource),
  ...warnKeys(resource),
  ...withoutEffect(resource)
]
