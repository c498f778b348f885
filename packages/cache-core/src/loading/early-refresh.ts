/**
 * Decides at a hit whether its value should be loaded anew before it expires, so that of many
 * processes one does so in time and the rest never meet an expired value.
 *
 * The chance rises as the end draws near, sooner for values that took long to load: XFetch, from
 * Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
 *
 * @param leftMs - what is left of the value's life
 * @param loadMs - how long its load took
 * @param eagerness - the paper's beta; 1 is its optimum, more refreshes earlier
 * @param random - from 0 up to, not including, 1
 */
export function isDueForRefresh(
  leftMs: number,
  loadMs: number,
  eagerness: number,
  random: number,
): boolean {
  // 1 - random: the logarithm of 0 would make a value due that will never expire.
  return -loadMs * eagerness * Math.log(1 - random) >= leftMs
}
