export { type Cassette, type CassetteMode, type CassetteOptions, cassette } from './cassette.js'
