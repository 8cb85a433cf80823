export type ToolSet = "local" | "localstack" | "schemathesis"
export declare const cacheFolder: (env?: NodeJS.ProcessEnv) => string
export declare const requirementsFile: (set: ToolSet) => string
export declare const toolFolder: (set: ToolSet, env?: NodeJS.ProcessEnv) => string
export declare const completeStamp: (folder: string) => string
export declare const isComplete: (folder: string) => boolean
