/**
 * Whether another program sets a variable, by its name behind our prefix and its value.
 *
 * Kubernetes sets variables for each Service of a namespace, Docker for each linked container. Both
 * begin with the name of the Service or the link, which may be our prefix or continue it. systemd sets
 * `CACHE_DIRECTORY`.
 */
export function isForeignVariable(name: string, value: string): boolean {
  return (
    SERVICE_ADDRESS.test(name) ||
    PORT_DETAIL.test(name) ||
    (PORT.test(name) && ADDRESS.test(value)) ||
    DOCKER_ENVIRONMENT.test(name) ||
    (CONTAINER_NAME.test(name) && LINK_PATH.test(value)) ||
    name === 'DIRECTORY'
  )
}

/** `SERVICE_HOST`, `SERVICE_PORT` and, for a named port, `SERVICE_PORT_METRICS`. */
const SERVICE_ADDRESS = /(^|_)SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/
/** `PORT_6379_TCP`, `PORT_6379_TCP_ADDR`, and Docker's `PORT_6379_TCP_START` for a range. */
const PORT_DETAIL = /(^|_)PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR)|(_PORT)?_(START|END))?$/
/** `PORT`, when its value is an address such as `tcp://10.0.0.7:6379`. */
const PORT = /(^|_)PORT$/
const ADDRESS = /^(tcp|udp|sctp):\/\//
/** `ENV_<NAME>`: a variable of the linked container. */
const DOCKER_ENVIRONMENT = /(^|_)ENV_[A-Za-z0-9_]+$/
/** `NAME`, when its value is a link such as `/web/cache`. */
const CONTAINER_NAME = /(^|_)NAME$/
const LINK_PATH = /^\/[^/]+\/[^/]+$/
