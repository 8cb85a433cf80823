/** One reason why a resource isn't valid: where in it, and what is wrong, as Kuma words it. */
export interface Violation {
  /** Path as Kuma writes it: `networking.inbound[0].tags["kuma.io/service"]`. */
  readonly field: string
  readonly message: string
}

/** One line. A violation of the whole has no field. */
export const violationText = ({ field, message }: Violation): string =>
  field === "" ? message : `${field}: ${message}`
