/** Connections of this machine: serial ports, pseudo-terminals, TCP; and a terminal on them. */
export { listPorts } from './list.ts';
export { type MonitorOptions, monitor } from './monitor.ts';
export { openConnection } from './open.ts';
export { ENGAGED, socketConnection } from './tcp.ts';
