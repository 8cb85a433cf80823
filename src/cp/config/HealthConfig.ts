/** How proxies are asked to look at their workloads, where a Dataplane's `serviceProbe` doesn't say it itself. */
export interface HealthConfig {
  /** Between two reports of a proxy. */
  readonly reportMillis: number
  readonly check: {
    readonly timeoutMillis: number
    readonly intervalMillis: number
    readonly noTrafficIntervalMillis: number
    readonly healthyThreshold: number
    readonly unhealthyThreshold: number
  }
}
