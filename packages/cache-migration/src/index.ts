export type { BackupMode } from './file/backup.js'
export type { Compression } from './file/compression.js'
export {
  CacheMigrationManager,
  type CacheMigrationManagerOptions,
  type CreateBackupOptions,
  type RestoreBackupOptions,
} from './migration-manager.js'
export type {
  BackupInspection,
  BackupResult,
  BackupVerification,
  RestoreResult,
} from './results.js'
