import type { Clock } from '@verbatim/cache-core'
import { Comparison, type Side } from '../comparison.js'
import { nameOf } from '../failures.js'
import { assertNotInterrupted } from '../file/atomic-file.js'
import { type BinaryRecord, decodeRecords } from '../file/records.js'
import { type OnProgress, ProgressCounter } from '../progress.js'
import type { DetailedValidationResult } from '../results.js'
import type { Pace } from './pace.js'
import { countOf, readKeyspace, readNames } from './read-keys.js'
import { groupByMaster } from './record-writer.js'
import type { RedisKeyspace } from './redis-keyspace.js'

/** The checked options of a comparison of keyspaces. */
export interface CompareSettings {
  readonly pattern: string
  readonly toleranceMs: number
  readonly pace: Pace
  readonly onProgress: OnProgress | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
}

/** Bytes of a key in the form `digest`: its expiry and a hexadecimal SHA-1. */
const ENTRY_BYTES = 48
/** The expiry of a key that does not exist. */
const NO_KEY = -2n
/** The digest of a key that could not be read. */
const NO_DIGEST = '0'.repeat(40)

/** Compares two keyspaces by digests that the servers compute. Neither is changed. */
export async function compareKeyspaces(
  source: RedisKeyspace,
  target: RedisKeyspace,
  settings: CompareSettings,
): Promise<DetailedValidationResult> {
  const startedAt = settings.clock.now()
  const comparison = new Comparison(settings.toleranceMs)
  const progress = new ProgressCounter(settings.onProgress)
  try {
    await source.connect()
    await target.connect()
    const counts = [
      await countOf(source, settings.pattern),
      await countOf(target, settings.pattern),
    ]
    if (!counts.includes(undefined)) progress.total = (counts[0] ?? 0) + (counts[1] ?? 0)
    await compareKeysOf(source, target, settings, (names, own, other) => {
      progress.add(names.length)
      compareValues(comparison, names, own, other)
    })
    await compareKeysOf(target, source, settings, (names, _own, other) => {
      progress.add(names.length)
      for (const [at, name] of names.entries()) {
        if (sideAt(other, at) === undefined) comparison.onlyInTarget(nameOf(name.key))
      }
    })
  } catch (error) {
    comparison.fail(error)
  }
  return comparison.result((settings.clock.now() - startedAt) / 1_000)
}

type OnPage = (names: readonly BinaryRecord[], own: Buffer, other: Buffer) => void

/** Reads all digests of one keyspace, and those of the same keys in another one. */
async function compareKeysOf(
  listed: RedisKeyspace,
  other: RedisKeyspace,
  { pattern, pace, signal }: CompareSettings,
  onPage: OnPage,
): Promise<void> {
  for await (const page of readKeyspace(listed, { pattern, pace, form: 'digest', signal })) {
    assertNotInterrupted(signal)
    const names = [...decodeRecords(page.names)]
    for (const { master, records, positions } of groupByMaster(other, page.names)) {
      const found = await digestsOf(other, master, records)
      const own =
        positions === undefined
          ? page.records
          : Buffer.concat(
              positions.map((at) =>
                page.records.subarray(at * ENTRY_BYTES, (at + 1) * ENTRY_BYTES),
              ),
            )
      const ofGroup = positions?.map((at) => names[at] as BinaryRecord) ?? names
      onPage(ofGroup, own, found)
    }
  }
}

async function digestsOf(
  keyspace: RedisKeyspace,
  master: Parameters<typeof readNames>[1],
  names: Buffer,
): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let rest = names; rest.length > 0; ) {
    const page = await readNames(keyspace, master, rest, 'digest')
    parts.push(page.records)
    ;({ rest } = page)
  }
  return Buffer.concat(parts)
}

function compareValues(
  comparison: Comparison,
  names: readonly BinaryRecord[],
  own: Buffer,
  other: Buffer,
): void {
  // Most pages are equal, and then no key is looked at.
  if (own.equals(other) && !own.includes(NO_DIGEST)) {
    comparison.matched += names.length
    return
  }
  for (const [at, name] of names.entries()) {
    const key = nameOf(name.key)
    const source = sideAt(own, at)
    // The key has expired or was deleted after it was listed.
    if (source === undefined) continue
    const target = sideAt(other, at)
    if (source.digest === NO_DIGEST || target?.digest === NO_DIGEST) {
      comparison.unreadable.addReason(
        key,
        'the user may not read it, or its type has no portable form',
      )
    } else comparison.compare(key, source, target)
  }
}

function sideAt(bytes: Buffer, at: number): Side | undefined {
  const expiry = bytes.readBigInt64BE(at * ENTRY_BYTES)
  if (expiry === NO_KEY) return undefined
  const digest = bytes.toString('latin1', at * ENTRY_BYTES + 8, (at + 1) * ENTRY_BYTES)
  return { digest, expiresAt: expiry < 0 ? null : Number(expiry) }
}
