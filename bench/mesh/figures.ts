/** The figures of one subject with one number of proxies: what each is called, and in what unit. */
export const FIGURES = {
  coldStart: ["cold start of all", "s"],
  coldStartCpu: ["  CPU of it", "s"],
  coldStartGeneratorCpu: ["  the generator's CPU", "s"],
  endpointP50: ["endpoint change, 2xx -> subscriber: p50", "ms"],
  endpointP99: ["  p99", "ms"],
  endpointSentP50: ["  from the request's start: p50", "ms"],
  endpointSentP99: ["  from the request's start: p99", "ms"],
  endpointMissing: ["  never arrived", ""],
  endpointCpu: ["  CPU a change", "ms"],
  endpointDatabaseCpu: ["  Postgres' CPU a change", "ms"],
  endpointForeignMessages: ["  messages to others, a change", ""],
  endpointForeignBytes: ["  bytes to others, a change", "B"],
  unrelatedCpu: ["change nobody depends on: CPU", "ms"],
  unrelatedDatabaseCpu: ["  Postgres' CPU", "ms"],
  unrelatedMessages: ["  messages, a change", ""],
  unrelatedBytes: ["  bytes, a change", "B"],
  labelCpu: ["label-only write: CPU", "ms"],
  labelMessages: ["  messages, a write", ""],
  timeoutP50: ["MeshTimeout, 2xx -> all proxies: p50", "ms"],
  timeoutP99: ["  p99", "ms"],
  timeoutCpu: ["  CPU a change", "ms"],
  permissionP50: ["MeshTrafficPermission, 2xx -> all proxies: p50", "ms"],
  permissionP99: ["  p99", "ms"],
  permissionCpu: ["  CPU a change", "ms"],
  storm: ["reconnect storm, until all are whole", "s"],
  stormCpu: ["  CPU of it", "s"],
  stormGeneratorCpu: ["  the generator's CPU", "s"],
  stormBytes: ["  bytes, a proxy", "B"],
  idleCpu: ["idle CPU, of one core", "%"],
  idleDatabaseCpu: ["  Postgres' idle CPU", "%"],
  emptyMemory: ["memory of the empty process", "MB"],
  memoryAProxy: ["  above it, after the cold start, a proxy", "MB"],
  endMemoryAProxy: ["  above it, at the end, a proxy", "MB"],
  heapAProxy: ["  live heap and buffers above it, a proxy", "MB"],
  refused: ["NACKs", ""],
  streamRetries: ["streams that ended and were opened again", ""],
  bootstrapRetries: ["bootstraps that were asked for again", ""],
  generatorShare: ["the generator's CPU, of one core, on average", "%"]
} as const

export type FigureName = keyof typeof FIGURES

/** What wasn't measured is absent. */
export type Figures = Partial<Record<FigureName, number>>
