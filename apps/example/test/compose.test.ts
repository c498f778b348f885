import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPrometheus } from '@verbatim/test-support'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readEnvironment } from '../src/environment.js'
import { startService } from './support/service.js'

const run = promisify(execFile)
const FOLDER = fileURLToPath(new URL('..', import.meta.url))
const prometheus = await findPrometheus()

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: readonly string[]
}

const read = (name: string): string => readFileSync(path.join(FOLDER, name), 'utf8')
const { services } = parse(read('docker-compose.yml')) as { services: Record<string, Service> }
const board = read('../../packages/cache-monitoring/grafana/dashboard.json')

test('every mounted file exists, and every port is open on this machine alone', () => {
  expect(Object.keys(services)).toEqual(['app', 'redis', 'prometheus', 'grafana'])
  for (const { volumes = [], ports = [], depends_on = [] } of Object.values(services)) {
    for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
      expect([source, existsSync(path.join(FOLDER, source))]).toEqual([source, true])
    }
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    for (const name of depends_on) expect(services).toHaveProperty(name)
  }
  const { context = '', dockerfile = '' } = services['app']?.build ?? {}
  expect(existsSync(path.join(FOLDER, context, dockerfile))).toBe(true)
})

test('the service accepts its environment, and needs a key', () => {
  const { API_KEY = '', ...environment } = services['app']?.environment ?? {}
  const image = Object.fromEntries(
    Array.from(read('Dockerfile').matchAll(/\b([A-Z_]+)=(\S+)/g), ([, name = '', value]) => [
      name,
      value,
    ]),
  )
  expect(API_KEY).toMatch(/^\$\{API_KEY:\?/)
  expect(() => readEnvironment({ ...image, ...environment })).toThrow('API_KEY must be set')
  const key = 'a-key-for-operators'
  expect(readEnvironment({ ...image, ...environment, API_KEY: key })).toMatchObject({
    host: '0.0.0.0',
    port: 3000,
    redisUrl: 'redis://redis:6379',
    hasControls: false,
    links: { Grafana: environment['GRAFANA_URL'] },
  })
})

test('Prometheus scrapes the service, and the link of the service leads to the board', () => {
  const { scrape_configs: scrapes, rule_files: rules } = parse(read('monitoring/prometheus.yml'))
  expect(scrapes).toMatchObject([{ static_configs: [{ targets: ['app:3000'] }] }])
  expect(rules).toEqual(['alerts.yml'])
  const { uid } = JSON.parse(board) as { uid: string }
  expect(services['app']?.environment?.['GRAFANA_URL']).toBe(`http://127.0.0.1:3001/d/${uid}`)
  expect(parse(read('monitoring/grafana/datasources.yml'))).toMatchObject({
    datasources: [{ type: 'prometheus', isDefault: true }],
  })
  const { providers } = parse(read('monitoring/grafana/dashboards.yml'))
  const mounted = services['grafana']?.volumes?.map((volume) => volume.split(':')[1] ?? '')
  expect(mounted?.some((file) => file.startsWith(providers[0].options.path))).toBe(true)
})

test('the board and the alerts name only metrics of the service', async () => {
  const { app } = await startService()
  const page = (await app.inject('/metrics')).body
  const exported = new Set(Array.from(page.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name))
  const named = `${board}${read('monitoring/alerts.yml')}`.matchAll(/\bverbatim_cache_[a-z_]+/g)
  const names = new Set(Array.from(named, ([name]) => name.replace(/_(?:bucket|sum|count)$/, '')))
  expect(names.size).toBeGreaterThan(5)
  expect([...names].filter((name) => !exported.has(name))).toEqual([])
})

describe.skipIf(prometheus === undefined)('the tool of Prometheus', () => {
  const promtool = (prometheus ?? '').replace(/prometheus$/, 'promtool')

  test('accepts the configuration and the alerts', async () => {
    const { stdout } = await run(promtool, ['check', 'config', 'monitoring/prometheus.yml'], {
      cwd: FOLDER,
    })
    expect(stdout).toContain('SUCCESS: 3 rules found')
  })
})
