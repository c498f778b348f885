type Method = (...details: never[]) => unknown

interface Hook {
  users: number
  readonly restore: () => void
}

const hooks = new WeakMap<object, Map<string, Hook>>()

/**
 * Puts a method of one object in another's place while anybody needs it. Several users of the same
 * method share one replacement. The method that was there before is restored when the last user leaves.
 *
 * @returns how to leave
 */
export function hookMethod(
  target: object,
  name: string,
  replace: (original: Method) => Method,
): () => void {
  const byName = hooks.get(target) ?? new Map<string, Hook>()
  hooks.set(target, byName)
  const hook = byName.get(name) ?? install(target as Record<string, Method>, name, replace)
  byName.set(name, hook)
  hook.users += 1
  let hasLeft = false
  return () => {
    if (hasLeft) return
    hasLeft = true
    hook.users -= 1
    if (hook.users > 0) return
    byName.delete(name)
    hook.restore()
  }
}

function install(
  target: Record<string, Method>,
  name: string,
  replace: (original: Method) => Method,
): Hook {
  const wasOwn = Object.hasOwn(target, name)
  const original = target[name] as Method
  const replacement = replace(original.bind(target))
  target[name] = replacement
  const restore = (): void => {
    // Someone else may have replaced the replacement.
    if (target[name] !== replacement) return
    if (wasOwn) target[name] = original
    else delete target[name]
  }
  return { users: 0, restore }
}
