/** What is asked where proxies are connected: what is asked without them, and more of those that are there. */
import { all, INSPECT, PATHS, READ, type Step } from "./calls.ts"

export const WRITTEN_BEFORE = all(`
  apply -f mesh.yaml
  apply -f permission.yaml
  apply -f multizone.yaml
  apply -f second-mesh.yaml
  apply -f proxies.yaml
  apply -f zone-proxies.yaml
  apply -f secrets.yaml
  apply -f services.yaml
  apply -f policies.yaml
  apply -f access-log.yaml
`)

const DATAPLANES = ["shop-1", "orders-1"].map((name) => `/meshes/default/dataplanes/${name}`)
const PROXIES = [...DATAPLANES, "/zoneingresses/in-1", "/zoneegresses/out-1"]

const ORDERS = "kri_msvc_default_default__orders_main"
const WITH_A_HEADER = "kri_mhttpr_default_default__with-a-header_"
const OUTBOUNDS = [
  ORDERS, "kri_mzsvc_default___orders_8080", "kri_extsvc_default_default__weather_443",
  "kri_extsvc_default___weather_443", "nonsense"
]

const OF_PROXIES: ReadonlyArray<Step> = [
  ...PROXIES.flatMap((proxy) => ["_overview", "xds", "stats", "clusters"].map((what) => `${proxy}/${what}`)),
  ...["in-1", "out-1"].flatMap((name) => [`/zoneingresses/${name}`, `/zoneegresses/${name}`]),
  ...DATAPLANES.flatMap((proxy) => [
    ..."_rules _policies _layout policies _config".split(" ").map((what) => `${proxy}/${what}`),
    `${proxy}/xds?include_eds=true`,
    `${proxy}/_config?include=diff&shadow=true`
  ]),
  ...["kri_dp_default_default__orders-1_main", "kri_dp_default_default__orders-1_8080", "nonsense"].map((inbound) =>
    `/meshes/default/dataplanes/orders-1/_inbounds/${inbound}/_policies`),
  ...OUTBOUNDS.flatMap((outbound) =>
    ["_policies", "_routes"].map((what) => `/meshes/default/dataplanes/shop-1/_outbounds/${outbound}/${what}`)),
  `/meshes/default/dataplanes/shop-1/_outbounds/${ORDERS}/_routes/${WITH_A_HEADER}/_policies`,
  "/meshes/default/dataplanes/_overview?status=online", "/meshes/default/dataplanes/_overview?size=2",
  "/meshes/default/dataplanes/_overview?tag=kuma.io/service:shop", "/meshes/default/dataplanes/_overview?name=orders",
  "/meshes/default/service-insights/shop", "/meshes/default/service-insights/orders-admin", "/mesh-insights/second",
  "/meshes/default/meshservices/orders/_resources/dataplanes", "/meshes/default/meshservices/shop",
  "/zones/default/_overview", "/dataplane-insights", "/meshes/default/dataplane-insights",
  ...["soon", "mesh-timeout-all-default"].map((name) => `/meshes/default/meshtimeouts/${name}/dataplanes`)
].map((get) => ({ get }))

const MORE: ReadonlyArray<Step> = all(`
  inspect dataplane orders-1 --type config-dump
  inspect dataplane orders-1 --type config --include=diff
  inspect dataplane orders-1 --type config --shadow
  inspect meshservices
  inspect dataplanes --mesh default --tag version=v1
`)

export const READ_WHILE_CONNECTED: ReadonlyArray<Step> = [...READ, ...INSPECT, ...PATHS, ...OF_PROXIES, ...MORE]

/** When it is looked at again. */
export const WITHOUT_APP = "its app down"
export const DELETED = "deleted while connected"
export const ENDED = "ended"

/** What of a proxy changes as it and its app come and go. */
export const LOOK: ReadonlyArray<Step> = [
  ...all(`
    inspect dataplanes
    inspect services
    inspect meshes
    inspect zoneingresses
    inspect zoneegresses
    get dataplanes
    get dataplanes -o yaml
    get zoneingresses -o yaml
    get zoneegresses -o yaml
    get meshservices -o yaml
  `),
  { get: "/meshes/default/dataplanes/_overview" },
  { get: "/meshes/default/service-insights" },
  { get: "/mesh-insights/default" },
  { get: "/global-insight" }
]

export const DELETED_WHILE_CONNECTED = all(`
  delete dataplane shop-1
  delete zoneegress out-1
`)

/** Some time later. */
export const LOOK_FOR_DELETED = all(`
  get dataplanes
  get zoneegresses
  inspect dataplanes
  inspect zoneegresses
`)

/** As they stand in the answers. */
export const callsWithProxies = (nameOf: (step: Step) => string): ReadonlyArray<string> => [
  ...[...WRITTEN_BEFORE, ...READ_WHILE_CONNECTED, ...DELETED_WHILE_CONNECTED].map(nameOf),
  ...[WITHOUT_APP, ENDED].flatMap((when) => LOOK.map((step) => `${nameOf(step)}, ${when}`)),
  ...LOOK_FOR_DELETED.map((step) => `${nameOf(step)}, ${DELETED}`)
]
