/** A Mesh: its authorities, and what they need to be there. */
import { type CertificateAuthorityBackend, isKeySize, KEY_SIZE, type Mesh } from "../Mesh.ts"
import { parseMeshDuration } from "../parseDuration.ts"
import type { Violation } from "../Violation.ts"
import { recordOf } from "./backends.ts"
import { isAddress } from "./validateAddress.ts"
import { validateObservability } from "./validateObservability.ts"
import { validateSelector } from "./validateTags.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

/** As in Kuma. */
const MAX_BACKENDS = 1

const SOURCES = ["secret", "file", "inline", "inlineString"]

/** Where a certificate or key comes from: exactly one of a secret's name, a file's path, and the bytes themselves. */
const validateDataSource = (path: string, source: unknown): ReadonlyArray<Violation> => {
  if (source === undefined) return [{ field: path, message: "has to be defined" }]
  const given = Object.entries(recordOf(source)).filter(([name]) => SOURCES.includes(name))
  const [first] = given
  if (first === undefined || given.length > 1) {
    return [{ field: path, message: "data source has to be chosen. Available sources: secret, file, inline" }]
  }
  return violationIf(typeof first[1] !== "string" || first[1] === "", field(path, first[0]), "cannot be empty")
}

/** Certificates live for a while; one of no time would stop the whole mesh. */
const isLifetime = (text: unknown): boolean => typeof text === "string" && (parseMeshDuration(text) ?? 0) > 0

const validateBuiltin = (mesh: string, backend: CertificateAuthorityBackend, path: string) => {
  const at = field(path, "conf.mtls.backends.name")
  const secretName = `${mesh}.ca-builtin-cert-${backend.name}`
  const { RSAbits, expiration } = recordOf(backend.conf?.["caCert"])
  return [
    ...violationIf(RSAbits !== undefined && !isKeySize(RSAbits), field(path, "conf.caCert.RSAbits"), KEY_SIZE),
    ...violationIf(expiration !== undefined && !isLifetime(expiration),
      field(path, "conf.caCert.expiration"), "has to be a valid format"),
    ...violationIf(secretName.length > 255, at, "Backend name is too long. Max length: 255"),
    ...violationIf(!isAddress(secretName) || secretName !== secretName.toLowerCase(), at,
      `"${backend.name}" name must be valid dns name`)
  ]
}

const validateBackend = (mesh: string, backend: CertificateAuthorityBackend, path: string) => {
  switch (backend.type) {
    case "builtin":
      return validateBuiltin(mesh, backend, path)
    case "provided":
      return [
        ...validateDataSource(field(path, "conf.cert"), backend.conf?.["cert"]),
        ...validateDataSource(field(path, "conf.key"), backend.conf?.["key"])
      ]
    default:
      return [{ field: field(path, "type"), message: "could not find installed plugin for this type" }]
  }
}

const validateMtls = (name: string, mtls: NonNullable<Mesh["mtls"]>): ReadonlyArray<Violation> => {
  const { backends = [], enabledBackend = "", skipValidation = false } = mtls
  const names = backends.map((backend) => backend.name)
  return [
    ...violationIf(backends.length > MAX_BACKENDS, "mtls.backends", `cannot have more than ${MAX_BACKENDS} backends`),
    ...inEach("mtls.backends", backends, (backend, path, index) => [
      ...violationIf(names.indexOf(backend.name) < index, field(path, "name"),
        `"${backend.name}" name is already used for another backend`),
      ...violationIf(
        backend.dpCert !== undefined && !isLifetime(backend.dpCert.rotation?.expiration),
        "mtls.dpcert.rotation.expiration",
        "has to be a valid format"
      )
    ]),
    ...violationIf(enabledBackend !== "" && !names.includes(enabledBackend), "mtls.enabledBackend",
      "has to be set to one of the backends in the mesh"),
    ...(skipValidation
      ? []
      : inEach("mtls.backends", backends, (backend, path) => validateBackend(name, backend, path)))
  ]
}

/** A restriction that nobody enforces would be worse than none, so it is refused until it is enforced. */
const validateConstraints = (constraints: NonNullable<Mesh["constraints"]>): ReadonlyArray<Violation> =>
  (["requirements", "restrictions"] as const).flatMap((kind) => [
    ...violationIf((constraints.dataplaneProxy?.[kind] ?? []).length > 0, `constraints.dataplaneProxy.${kind}`,
      "is not supported yet: remove it, and restrict who may join by the tags of the task roles"),
    ...
    inEach(`constraints.dataplaneProxy.${kind}`, constraints.dataplaneProxy?.[kind], ({ tags = {} }, path) => [
      ...violationIf(Object.keys(tags).length === 0, field(path, "tags"), "must have at least one tag"),
      ...validateSelector(field(path, "tags"), tags)
    ])
  ])

export const validateMesh = (name: string, mesh: Mesh): ReadonlyArray<Violation> => [
  ...violationIf(name.length > 63, "name", "cannot be longer than 63 characters"),
  ...(mesh.mtls === undefined ? [] : validateMtls(name, mesh.mtls)),
  ...validateObservability(mesh),
  ...(mesh.constraints === undefined ? [] : validateConstraints(mesh.constraints)),
  ...violationIf(mesh.routing?.zoneEgress === true && !mesh.mtls?.enabledBackend, "mtls",
    "has to be set when zoneEgress enabled")
]
