/** The two wires of an I2C bus as a master uses them: conditions, bytes, acknowledgements. */

/** A device on the bus. Methods that return a boolean say whether it acknowledges. */
export interface I2cDevice {
  readonly address: number;
  /** The device was addressed; false when it is off, in reset or absent. */
  start(read: boolean): boolean;
  write(byte: number): boolean;
  read(): number;
  stop(): void;
}

export interface I2cBus {
  attach(device: I2cDevice): void;
  /** START or a repeated one: the next byte is an address. */
  start(): void;
  stop(): void;
  /** One byte from the master; returns whether somebody acknowledged. */
  put(byte: number): boolean;
  /** One byte from the addressed device; nobody pulls the wire: 0xff. */
  take(): number;
}

/** @param isConnected false where the controller's signals do not reach the wires: nobody answers then */
export function createI2cBus(isConnected: () => boolean): I2cBus {
  const devices: I2cDevice[] = [];
  let addressed: I2cDevice | undefined;
  let expectAddress = false;
  const stop = () => {
    addressed?.stop();
    addressed = undefined;
  };
  return {
    attach: (device) => void devices.push(device),
    start() {
      expectAddress = true;
    },
    stop,
    put(byte) {
      if (!expectAddress) return addressed?.write(byte) ?? false;
      expectAddress = false;
      stop();
      if (!isConnected()) return false;
      const device = devices.find(({ address }) => address === byte >>> 1);
      addressed = device?.start((byte & 1) === 1) ? device : undefined;
      return addressed !== undefined;
    },
    take: () => (addressed?.read() ?? 0xff) & 0xff,
  };
}
