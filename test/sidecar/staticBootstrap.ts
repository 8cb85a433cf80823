export interface StaticBootstrap {
  readonly adminPort: number
  /** Where Envoy's inbound listens, and the app behind it. */
  readonly inboundPort: number
  readonly appPort: number
  readonly protocol?: "http" | "tcp"
}

const FILTERS = "type.googleapis.com/envoy.extensions.filters"

const filter = (protocol: "http" | "tcp"): string =>
  JSON.stringify(
    protocol === "tcp"
      ? {
        name: "tcp",
        typed_config: { "@type": `${FILTERS}.network.tcp_proxy.v3.TcpProxy`, stat_prefix: "inbound", cluster: "app" }
      }
      : {
        name: "http",
        typed_config: {
          "@type": `${FILTERS}.network.http_connection_manager.v3.HttpConnectionManager`,
          stat_prefix: "inbound",
          http_filters: [{ name: "router", typed_config: { "@type": `${FILTERS}.http.router.v3.Router` } }],
          route_config: {
            virtual_hosts: [{
              name: "app",
              domains: ["*"],
              routes: [{ match: { prefix: "/" }, route: { cluster: "app", timeout: "60s" } }]
            }]
          }
        }
      }
  )

/** An Envoy bootstrap with one inbound and nothing from a control plane. */
export const staticBootstrap = ({ adminPort, inboundPort, appPort, protocol = "http" }: StaticBootstrap): string => `
node: {id: default.test, cluster: test}
admin: {address: {socket_address: {address: 127.0.0.1, port_value: ${adminPort}}}}
static_resources:
  listeners:
  - name: inbound:127.0.0.1:${inboundPort}
    traffic_direction: INBOUND
    address: {socket_address: {address: 127.0.0.1, port_value: ${inboundPort}}}
    filter_chains:
    - filters: [${filter(protocol)}]
  clusters:
  - name: app
    connect_timeout: 1s
    load_assignment:
      cluster_name: app
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: ${appPort}}}}}]}]
`
