declare module 'bluebird' {
  /** The whole of what the tests use. */
  const Bluebird: PromiseConstructor
  export default Bluebird
}

declare module 'zone.js/node'
