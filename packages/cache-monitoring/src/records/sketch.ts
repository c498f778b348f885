// The build puts the library itself here. It requires `protobufjs` in methods that are not used here,
// without depending on it, so that no program that uses the library can be bundled.
export { DDSketch } from '@datadog/sketches-js'
