export { ModelServer, type ReceivedRequest } from './model-server.js'
export { type Fault, type Reply, type RequestBody, usualReply, vectorOf } from './reply.js'
