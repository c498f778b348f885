export type { BackupMode } from './file/backup.js'
export type { Compression } from './file/compression.js'
export { CacheMigrationManager, type CacheMigrationManagerOptions } from './migration-manager.js'
export type {
  CreateBackupOptions,
  MigrateOptions,
  RestoreBackupOptions,
  RollbackOptions,
  ValidateOptions,
  VerifyOptions,
} from './options.js'
export type { OnProgress, Progress } from './progress.js'
export { PythonStore, type PythonStoreOptions } from './python-store.js'
export type { Rate } from './redis/pace.js'
export type { Conflict } from './redis/record-writer.js'
export { RedisKeyspace, type RedisKeyspaceOptions } from './redis/redis-keyspace.js'
export type {
  BackupInspection,
  BackupResult,
  BackupVerification,
  DetailedValidationResult,
  MigrationResult,
  RestoreResult,
  RollbackResult,
} from './results.js'
export {
  ThirdPartyCache,
  type ThirdPartyEntry,
  type ThirdPartyFunctions,
} from './third-party-cache.js'
export type { MigrationSource, MigrationTarget } from './write-entries.js'
