interface Clusters {
  readonly cluster_statuses: ReadonlyArray<{
    readonly name: string
    readonly host_statuses?: ReadonlyArray<{ readonly address: { readonly socket_address: { readonly address: string } } }>
  }>
}

/** Addresses that a task's Envoy knows of a service now. */
export const endpointsOf = async (taskAddress: string, service: string): Promise<ReadonlyArray<string>> => {
  const answer = await fetch(`http://${taskAddress}:9901/clusters?format=json`, { signal: AbortSignal.timeout(2_000) })
  const { cluster_statuses } = await answer.json() as Clusters
  const cluster = cluster_statuses.find(({ name }) => name === service)
  return (cluster?.host_statuses ?? []).map(({ address }) => address.socket_address.address)
}
