/**
 * Advisory locks share one space of numbers in a database: all of ours, so that none is taken twice.
 * https://www.postgresql.org/docs/18/explicit-locking.html#ADVISORY-LOCKS
 */

/** Only one replica migrates at a time. */
export const MIGRATION_LOCK = 7_305_990_001
/** Whoever holds it runs the controllers. */
export const LEADER_LOCK = 7_305_990_002
/** Whoever holds it may stop the embedded database. */
export const OWNER_LOCK = 7_305_990_003
