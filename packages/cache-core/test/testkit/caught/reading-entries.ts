/** Caches that return wrong entries, each with tests that must fail for it. */
export const CAUGHT_READING_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  NamesNoTier: [
    'getEntry returns the value, a tier as its source, and that it is fresh',
    'getOrSetEntry names the loader as the source once, then a tier',
  ],
  HasAnEntryForEveryKey: [
    'getEntry returns undefined for an absent key and for an expired one',
    'getEntry returns only a value that accept permits, and leaves another where it is',
    'getEntry returns a stale value for as long after its TTL as maxStale says',
  ],
  ReturnsTtlsInMilliseconds: [
    'getEntry returns the seconds that are left, and null for an entry that never expires',
  ],
  ForgetsThatItHasLoaded: [
    'getOrSetEntry names the loader as the source once, then a tier',
    'getOrSetEntry names the loader as the source to callers that joined a load',
  ],
  HidesErrorsOfLoads: ['getOrSetEntry rejects with the error of its loader, and stores nothing'],
  AcceptsEverything: [
    'getEntry returns only a value that accept permits, and leaves another where it is',
    'getOrSet replaces a value that accept does not permit',
    'getOrSetEntry replaces a value that accept does not permit',
    'a read for an entry, and a miss for a value that accept rejects',
  ],
  NotifiesNobody: [
    'onLookup of getEntry is called once with the outcome',
    'onLookup of getOrSet is called once with the outcome, before a load starts',
    'onLookup of getOrSetEntry is called once with the outcome, before a load starts',
    'onLookup of getOrSet tells a call that joined a load',
    'onLookup of getOrSetEntry tells a call that joined a load',
  ],
  FailsWithItsObserver: ['an onLookup that throws changes nothing'],
  NeverRefreshes: [
    'getOrSet with refresh loads although a value is cached, and replaces it',
    'getOrSetEntry with refresh loads although a value is cached, and replaces it',
  ],
  AlwaysStores: [
    'getOrSet with noStore returns the loaded value and does not store it',
    'getOrSetEntry with noStore returns the loaded value and does not store it',
  ],
  StoresForTheFirstCallerOnly: [
    'a caller without noStore that joins the load of a caller with noStore stores it',
  ],
  TakesTheMemoryTtlForTheTtl: ['memoryTtl never shortens the TTL of an entry'],
  ReturnsNoStaleEntry: [
    'getEntry returns a stale value for as long after its TTL as maxStale says',
  ],
  HidesThatValuesAreStale: [
    'getEntry returns a stale value for as long after its TTL as maxStale says',
    'getOrSetEntry says that a value is stale, and in which tier it was',
  ],
  TakesAnyOptionsOfEntries: [
    'bad options of entries are rejected, and nothing is loaded or stored',
  ],
  HidesReasons: [
    'the reason of an invalidation',
    'bad options of invalidatePattern are rejected and nothing is removed',
  ],
}
