/** Where bytes come from: a Secret of the mesh, or the resource itself. Kuma's `DataSource`. */
import { Schema } from "effect"

export const DataSource = Schema.Struct({
  /** Name of a Secret. */
  secret: Schema.optionalKey(Schema.String),
  /** Path on the control plane's disk. Deprecated. Older types alone know it. */
  file: Schema.optionalKey(Schema.String),
  /** Base64. */
  inline: Schema.optionalKey(Schema.String),
  inlineString: Schema.optionalKey(Schema.String)
})
export type DataSource = typeof DataSource.Type

/** As the newer types have it. */
export const MeshDataSource = Schema.Struct({
  secret: DataSource.fields.secret,
  inline: DataSource.fields.inline,
  inlineString: DataSource.fields.inlineString
})
export type MeshDataSource = typeof MeshDataSource.Type
