/**
 * What both control planes are asked, in this order: each writing call finds what those before it left. Paths of files
 * are names in resources/.
 */
export type Step =
  | { readonly kumactl: ReadonlyArray<string>; readonly stdin?: string }
  | { readonly get: string }
  /** What Kuma computes now and then has to come about before it's asked for. */
  | { readonly waitMillis: number }

const call = (line: string): Step => ({ kumactl: line.split(" ") })
export const all = (lines: string): ReadonlyArray<Step> => lines.trim().split("\n").map((line) => call(line.trim()))

const KINDS = [
  "dataplanes", "external-services", "globalsecrets", "hostnamegenerators", "meshaccesslogs", "meshcircuitbreakers",
  "meshes", "meshexternalservices", "meshhttproutes", "meshmetrics", "meshmultizoneservices", "meshretries",
  "meshservices", "meshtcproutes", "meshtimeouts", "meshtrafficpermissions", "secrets", "zoneegresses",
  "zoneingresses", "zones"
]

/** Older ones, and those that aren't offered here. */
const OTHER_KINDS = [
  "circuit-breakers", "fault-injections", "healthchecks", "meshfaultinjections", "meshgatewayroutes", "meshgateways",
  "meshhealthchecks", "meshidentities", "meshloadbalancingstrategies", "meshopentelemetrybackends", "meshpassthroughs",
  "meshproxypatches", "meshratelimits", "meshtlses", "meshtraces", "meshtrusts", "meshzoneaddresses", "proxytemplates",
  "rate-limits", "retries", "timeouts", "traffic-logs", "traffic-permissions", "traffic-routes", "traffic-traces",
  "virtual-outbounds", "workloads"
]

const SINGLE: ReadonlyArray<readonly [kind: string, name: string]> = [
  ["mesh", "second"], ["dataplane", "shop-1"], ["zoneingress", "in-1"], ["zoneegress", "out-1"], ["zone", "elsewhere"],
  ["secret", "a-secret"], ["globalsecret", "a-global-secret"], ["hostnamegenerator", "own-services"],
  ["external-service", "maps"], ["meshservice", "cache"], ["meshexternalservice", "weather"],
  ["meshmultizoneservice", "orders"], ["meshtimeout", "soon"], ["meshretry", "again"], ["meshcircuitbreaker", "few"],
  ["meshaccesslog", "calls"], ["meshhttproute", "with-a-header"], ["meshtcproute", "straight"],
  ["meshmetric", "figures"],
  ["meshtrafficpermission", "everybody"], ["meshtimeout", "mesh-timeout-all-default"],
  ["meshcircuitbreaker", "mesh-circuit-breaker-all-default"], ["meshretry", "mesh-retry-all-default"]
]

const INSPECTED = [
  "circuit-breaker", "fault-injection", "healthcheck", "meshfaultinjection", "meshgateway", "meshhealthcheck",
  "meshloadbalancingstrategy", "meshpassthrough", "meshproxypatch", "meshratelimit", "meshtls", "meshtrace",
  "proxytemplate", "rate-limit", "retry", "timeout", "traffic-log", "traffic-permission", "traffic-route",
  "traffic-trace"
]

const AT_FIRST = all(`
  config control-planes list
  version -a
  get meshes
  get mesh default -o yaml
  get hostnamegenerators -o yaml
  get zones -o yaml
  get global-secrets
  get secrets
`)

const WRITTEN = all(`
  apply -f hostnames.yaml --dry-run
  apply -f mesh.yaml
  apply -f hostnames.yaml
  apply -f permission.yaml
  apply -f multizone.yaml
  apply -f second-mesh.yaml
  apply -f proxies.yaml
  apply -f zone-proxies.yaml
  apply -f secrets.yaml
  apply -f services.yaml
  apply -f policies.yaml
  apply -f access-log.yaml
  apply -f zone.yaml
  apply -f mesh.yaml
  apply -f mesh.yaml --dry-run
  apply -f permission.yaml --dry-run
  apply -f template.yaml --var name=templated-1 --var address=127.0.0.25
  apply -f template.yaml --var name=templated-1
  apply -f template.yaml --var name=templated-1 --var address=127.0.0.25 --dry-run
  apply -f bad-unknown-type.yaml
  apply -f bad-not-yaml.yaml
  apply -f bad-mesh.yaml
  apply -f bad-policy.yaml
  apply -f bad-policy.yaml --dry-run
  apply -f nowhere.yaml
`)

export const READ: ReadonlyArray<Step> = [
  ...KINDS.flatMap((kind) => ["", " -o yaml", " -o json"].map((form) => call(`get ${kind}${form}`))),
  ...OTHER_KINDS.map((kind) => call(`get ${kind}`)),
  ...SINGLE.flatMap(([kind, name]) => ["", " -o yaml", " -o json"].map((form) => call(`get ${kind} ${name}${form}`))),
  ...all(`
    get dataplanes --size 1
    get dataplanes --size 1 --offset 1
    get dataplanes --size 1 --offset 99
    get dataplanes --size 2 -o json
    get dataplanes --offset wrong
    get dataplanes --size -1
    get dataplanes --mesh second
    get dataplanes --mesh nowhere
    get dataplanes -o xml
    get dataplane nobody
    get dataplane nobody -o yaml
    get mesh nowhere
    get secret nothing
    get meshtimeout nothing --mesh nowhere
    get nonsense
  `)
]

export const INSPECT: ReadonlyArray<Step> = [
  ...["dataplanes", "zones", "meshes", "services", "zoneingresses", "zoneegresses"].flatMap((kind) =>
    ["", " -o yaml", " -o json"].map((form) => call(`inspect ${kind}${form}`))),
  ...SINGLE.filter(([kind]) => /^mesh(?!$|service|external|multi)/.test(kind)).flatMap(([kind, name]) =>
    ["", " --new-api"].map((form) => call(`inspect ${kind} ${name}${form}`))),
  ...INSPECTED.map((kind) => call(`inspect ${kind} nothing`)),
  ...["policies", "config-dump", "stats", "clusters", "config", "nonsense"].flatMap((type) =>
    ["dataplane shop-1", "dataplane nobody"].map((proxy) => call(`inspect ${proxy} --type ${type}`))),
  ...["config-dump", "stats", "clusters"].flatMap((type) =>
    ["zoneingress in-1", "zoneingress nobody", "zoneegress out-1", "zoneegress nobody"].map((proxy) =>
      call(`inspect ${proxy} --type ${type}`))),
  ...all(`
    inspect dataplanes --tag kuma.io/service=orders
    inspect dataplanes --gateway
    inspect dataplanes --ingress
    inspect dataplanes --mesh second
    inspect dataplanes --mesh nowhere
    inspect services --mesh second
    inspect dataplane edge-1
    inspect dataplane orders-1
    inspect dataplane lone-1 --mesh second
    inspect dataplane shop-1 --type config --shadow --include=diff
    inspect dataplane shop-1 --type config-dump --include-eds
    inspect meshtimeout nothing
    inspect meshtimeout nothing --mesh nowhere
  `)
]

/** What the GUI and other tools read. */
export const PATHS: ReadonlyArray<Step> = [
  "/_resources", "/policies", "/who-am-i", "/global-insight", "/mesh-insights", "/mesh-insights/default",
  "/service-insights", "/meshes/default/service-insights", "/meshes/default/service-insights/orders",
  "/meshes/default/dataplanes/_overview", "/meshes/default/dataplanes/shop-1/_overview", "/dataplanes/_overview",
  "/zones/_overview", "/zoneingresses/_overview", "/zoneegresses/_overview", "/zone-insights",
  "/meshes/default/dataplanes/shop-1/_rules", "/meshes/default/dataplanes/shop-1/_policies",
  "/meshes/default/dataplanes/shop-1/_layout", "/meshes/default/dataplanes/shop-1/rules",
  "/meshes/default/meshtimeouts/soon/_resources/dataplanes", "/meshes/default/meshservices/cache/_resources/dataplanes",
  "/meshes/default/meshservices/orders/_hostnames", "/meshes/default/meshservices/orders/_dataplanes",
  "/meshes/default/meshexternalservices/weather/_hostnames", "/_kri/kri_dp_default_default__shop-1_",
  "/_kri/kri_m____default_", "/_kri/nonsense", "/meshes/default/dataplanes?filter[labels.team]=front",
  "/meshes/default/dataplanes?filter[nonsense]=front", "/meshes/default/dataplanes?size=1001",
  "/meshes/default/dataplanes?name=shop", "/meshes/default?format=universal", "/meshes/default?format=k8s", "/nonsense"
].map((get) => ({ get }))

const GENERATE = [
  ...all(`
    generate dataplane-token --mesh default --name shop-1 --valid-for 1h
    generate dataplane-token --mesh default --tag kuma.io/service=shop --proxy-type dataplane --valid-for 1h
    generate dataplane-token --mesh default --workload shop --valid-for 1h
    generate dataplane-token --mesh default --proxy-type nonsense --valid-for 1h
    generate dataplane-token --mesh nowhere --valid-for 1h
    generate dataplane-token --mesh default
    generate dataplane-token --mesh default --name shop-1 --valid-for -1h
    generate zone-token --zone default --valid-for 1h
    generate zone-token --zone default --scope ingress --valid-for 1h
    generate zone-token --zone default --scope ingress,egress,cp --valid-for 1h
    generate zone-token --zone default --scope nonsense --valid-for 1h
    generate zone-token --zone nowhere --valid-for 1h
    generate user-token --name jane --group ops --valid-for 1h
    generate user-token --name jane --valid-for 0s
    generate user-token --name jane --valid-for -1h
    generate signing-key
    generate signing-key --format pem
    generate tls-certificate --type=server --hostname=localhost --cert-file=- --key-file=-
  `),
  { kumactl: ["generate", "user-token", "--name", "", "--valid-for", "1h"] },
  { kumactl: ["generate", "zone-token", "--zone", "", "--valid-for", "1h"] }
]

const EXPORT = all(`
  export
  export --profile all
  export --profile all --include-admin
  export --profile federation
  export --profile federation-with-policies
  export --profile no-dataplanes
  export --profile nonsense
  export --format kubernetes
  export --profile all --format kubernetes
  export --format nonsense
`)

const DELETED = all(`
  delete dataplane shop-1
  delete dataplane shop-1
  delete secret a-secret
  delete secret nothing
  delete global-secret a-global-secret
  delete meshtrafficpermission everybody
  delete hostnamegenerator others
  delete meshmultizoneservice orders
  delete meshservice orders
  delete meshexternalservice weather
  delete external-service maps
  delete meshtimeout mesh-timeout-all-default
  delete zoneingress in-1
  delete zoneegress out-1
  delete zone elsewhere
  delete zone default
  delete zone nowhere
  delete mesh second
  delete dataplane lone-1 --mesh second
  delete mesh second
  delete mesh second
  delete mesh default
  delete nonsense a
  get meshes
  get dataplanes
  get secrets
`)

/** What isn't offered here comes last: what it would leave would be a difference of much that follows. */
const NOT_OFFERED = all(`
  apply -f gateway.yaml
  apply -f gateway-route.yaml
  apply -f balancing.yaml
  apply -f other-policies.yaml
  config control-planes remove --name compared
`)

export const STEPS: ReadonlyArray<Step> = [
  ...AT_FIRST,
  ...WRITTEN,
  { kumactl: ["apply", "-f", "-"], stdin: "permission.yaml" },
  { kumactl: ["apply", "-f", "-"], stdin: "bad-not-yaml.yaml" },
  { waitMillis: 15_000 },
  ...READ,
  ...INSPECT,
  ...PATHS,
  ...GENERATE,
  ...EXPORT,
  ...DELETED,
  ...NOT_OFFERED
]
