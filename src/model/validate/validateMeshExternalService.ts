/** A MeshExternalService: where it is, and how its certificate is checked. */
import { type ExternalTls, TLS_VERSIONS, type Verification } from "../MeshExternalService.ts"
import type { DesiredResource } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { isAddress } from "./validateAddress.ts"
import { validateDataSource } from "./validateDataSource.ts"
import { validateHostLabelName } from "./validateHostLabelName.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const MAX_PRIORITY = 128

/** In the words of Kuma's OpenAPI validation, which sees them before its validator does. */
const validateRange = (path: string, value: number, least: number, most: number): ReadonlyArray<Violation> => [
  ...violationIf(!Number.isInteger(value), path, "in body must be of type integer: \"number\""),
  ...violationIf(value < least, path, `in body should be greater than or equal to ${least}`),
  ...violationIf(value > most, path, `in body should be less than or equal to ${most}`)
]

const validatePort = (path: string, port: number): ReadonlyArray<Violation> => validateRange(path, port, 1, 65535)

const validateVerification = (verification: Verification, path: string): ReadonlyArray<Violation> => {
  const { caCert, clientCert, clientKey, serverName } = verification
  const at = (name: string) => field(path, name)
  return [
    ...violationIf(serverName !== undefined && !isAddress(serverName), at("serverName"), "must be a valid DNS name"),
    ...violationIf(clientCert !== undefined && clientKey === undefined, at("clientKey"),
      "must be defined when clientCert is defined"),
    ...violationIf(clientCert === undefined && clientKey !== undefined, at("clientCert"),
      "must be defined when clientKey is defined"),
    ...validateDataSource(caCert, at("caCert")),
    ...validateDataSource(clientCert, at("clientCert")),
    ...validateDataSource(clientKey, at("clientKey"))
  ]
}

const validateTls = ({ verification, version }: ExternalTls, path: string): ReadonlyArray<Violation> => {
  const isReversed = version !== undefined && version.min !== "TLSAuto" && version.max !== "TLSAuto" &&
    TLS_VERSIONS.indexOf(version.min) > TLS_VERSIONS.indexOf(version.max)
  return [
    ...violationIf(isReversed, field(path, "version.min"), "min version must be lower than max"),
    ...(verification === undefined ? [] : validateVerification(verification, field(path, "verification")))
  ]
}

export const validateMeshExternalService = (
  resource: DesiredResource<"MeshExternalService">
): ReadonlyArray<Violation> => {
  const { endpoints, extension, match, tls } = resource.spec
  return [
    ...validateHostLabelName(resource),
    ...validatePort("spec.match.port", match.port),
    ...inEach("spec.endpoints", endpoints, ({ address, port, priority = 0 }, path) => [
      ...violationIf(!isAddress(address), field(path, "address"),
        address === "" ? "in body should be at least 1 chars long" : "address has to be a valid IP or hostname"),
      ...validatePort(field(path, "port"), port),
      ...validateRange(field(path, "priority"), priority, 0, MAX_PRIORITY)
    ]),
    ...(tls === undefined ? [] : validateTls(tls, "spec.tls")),
    ...violationIf(extension !== undefined, "spec.extension",
      "has no effect in this version: define spec.endpoints instead")
  ]
}
