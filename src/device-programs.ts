/** The parts of the device program (`device/`) as WebAssembly, and how the rooms that compile or run them get their bytes. */
import { FailureError } from './errors.ts';

/** Files that `npm run build` leaves in dist/device/. */
export const deviceProgramNames = [
  'main.chip.wasm',
  'main.chip.f32.wasm',
  'main.chip.f32.biased.wasm',
  'main.host.wasm',
  'main.host.f32.wasm',
  'main.host.f32.biased.wasm',
  'transformer.wasm',
  'transformer.f32.wasm',
  'transformer.f32.biased.wasm',
  'kernels.wasm',
  'component.wasm',
  'draft.wasm',
] as const;

export type DeviceProgramName = (typeof deviceProgramNames)[number];

/** Gives a program's bytes. @throws FailureError where it is not there */
export type DevicePrograms = (name: DeviceProgramName) => Uint8Array<ArrayBuffer>;

/** Programs that are in memory already. */
export function devicePrograms(
  files: Readonly<Partial<Record<DeviceProgramName, Uint8Array<ArrayBuffer>>>>,
): DevicePrograms {
  return (name) => {
    const bytes = files[name];
    if (!bytes) throw new FailureError(`the device program ${name} was not given`);
    return bytes;
  };
}

/**
 * Fetches programs from a web server that serves the package's dist/device/. Building an int8 image takes `main.chip.wasm` (and
 * `kernels.wasm` without the vector unit), evaluating `transformer.wasm` and `kernels.wasm`: name what is needed, or get all.
 * @param folder address of the folder, with or without a slash at its end
 */
export async function fetchDevicePrograms(
  folder: string | URL,
  names: readonly DeviceProgramName[] = deviceProgramNames,
): Promise<DevicePrograms> {
  const files = await Promise.all(
    names.map(async (name) => {
      const url = `${String(folder).replace(/\/$/, '')}/${name}`;
      const response = await fetch(url);
      if (!response.ok) throw new FailureError(`${url}: the server answers ${response.status}`);
      return [name, new Uint8Array(await response.arrayBuffer())] as const;
    }),
  );
  return devicePrograms(Object.fromEntries(files));
}
