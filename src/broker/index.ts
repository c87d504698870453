/** Boards of many machines behind one MQTT 5 broker: workers offer them, gateways ask them. */
export { createBrokerPool, type GatewayOptions } from './gateway.ts';
export { PREFIX } from './protocol.ts';
export { createWorker, type Worker, type WorkerOptions } from './worker.ts';
