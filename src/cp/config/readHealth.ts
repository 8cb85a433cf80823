/** The settings of health discovery, by Kuma's names. */
import type { Environment } from "./Environment.ts"
import type { HealthConfig } from "./HealthConfig.ts"

const PREFIX = "KUMA_DP_SERVER_HDS"

export const readHealth = (env: Environment): HealthConfig => {
  const millis = (name: string, otherwise: number): number => {
    const given = env.millis(`${PREFIX}_${name}`, otherwise)
    if (given > 0) return given
    env.problems.push(`${PREFIX}_${name}: must be more than 0`)
    return otherwise
  }
  if (!env.flag(`${PREFIX}_ENABLED`, true)) {
    env.problems.push(
      `${PREFIX}_ENABLED: false isn't offered: an inbound with a serviceProbe would never get traffic; leave it out, and ` +
        "leave the probes out of Dataplanes that aren't to be probed"
    )
  }
  return {
    reportMillis: millis("INTERVAL", 5_000),
    check: {
      timeoutMillis: millis("CHECK_TIMEOUT", 2_000),
      intervalMillis: millis("CHECK_INTERVAL", 1_000),
      noTrafficIntervalMillis: millis("CHECK_NO_TRAFFIC_INTERVAL", 1_000),
      healthyThreshold: env.integer(`${PREFIX}_CHECK_HEALTHY_THRESHOLD`, 1, 1, 1_000),
      unhealthyThreshold: env.integer(`${PREFIX}_CHECK_UNHEALTHY_THRESHOLD`, 1, 1, 1_000)
    }
  }
}
