/** What a service's secret is called. Pure. */

/**
 * "The secret name can contain ASCII letters, numbers, and the following characters: /_+=.@-":
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
 * Without the slash, so that no task's tag leads out of the prefix.
 */
const SERVICE = /^[A-Za-z0-9_+=.@-]+$/

/** Kong's examples give the prefix with a slash at its end, or without: both mean the same. */
export const normalPrefix = (prefix: string): string => prefix.replace(/\/+$/, "")

/** Null where the service's name can't be part of a secret's name. */
export const secretName = (prefix: string, service: string): string | null => {
  if (!SERVICE.test(service)) return null
  const before = normalPrefix(prefix)
  return before === "" ? service : `${before}/${service}`
}
