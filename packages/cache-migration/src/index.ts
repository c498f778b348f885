export {
  CacheMigrationManager,
  type CacheMigrationManagerOptions,
  type CreateBackupOptions,
  type RestoreBackupOptions,
} from './migration-manager.js'
export type { BackupInspection, BackupResult, RestoreResult } from './results.js'
