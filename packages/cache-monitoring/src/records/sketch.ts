// The build replaces this module by the library itself. The library requires `protobufjs` without depending on
// it, in methods that are not used here, so programs that import the library cannot be bundled.
export { DDSketch } from '@datadog/sketches-js'
