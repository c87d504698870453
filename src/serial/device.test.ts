import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPanicDecoder, createSymbolizer } from './addresses.ts';
import type { Connection } from './connection.ts';
import { openDevice, parseEvent, tokensPerSecond } from './device.ts';
import { createLineSplitter } from './lines.ts';
import { createListeners, createSignal } from './listeners.ts';

const ready = '{"event":"ready","model":"test","context":256,"map":"0123456789abcdef"}';
const story = [
  '{"event":"start","prompt":1,"seed":"42","temperature":0.8,"topp":0.9}',
  '{"event":"token","n":0,"id":403,"text":"Once"}',
  '{"event":"token","n":1,"id":407,"text":" upon"}',
  '{"event":"end","ending":"limit","tokens":2,"digest":"00000000deadbeef","cycles":"480000","first":230000,"last":250000,"megahertz":240}',
];

/** A device that answers lines from a table; `noise` goes before and after every answer. */
function scripted(
  answers: Record<string, readonly string[]>,
  noise = '',
): { connection: Connection; lines: string[] } {
  const data = createListeners<Uint8Array>();
  const closed = createSignal();
  const lines: string[] = [];
  const receive = createLineSplitter((line) => {
    const typed = line.replace(/\x03/g, '');
    if (typed === '') return;
    lines.push(typed);
    const text = (answers[typed] ?? []).map((answer) => `${noise}\n${answer}\r\n${noise}`).join('');
    setImmediate(() => data.emit(Buffer.from(text, 'latin1')));
  });
  const connection: Connection = {
    name: 'script',
    hasLines: true,
    write: async (bytes) => receive(bytes),
    onData: data.add,
    onClose: closed.add,
    setLines: async () => {},
    setBaud: async () => {},
    close: async () => closed.emit(),
  };
  return { connection, lines };
}

describe('JSON mode', () => {
  it.each(['', '\xff\x00{"event":', '> Once upon {}'])('reads a story through noise %j', async (noise) => {
    const { connection, lines } = scripted({ '/json on': [ready], 'Once upon a time': story }, noise);
    const device = await openDevice(connection);
    expect(device.ready.map).toBe('0123456789abcdef');
    const seen: string[] = [];
    const { end, tokens } = await device.tell('Once upon a time', (token) => seen.push(token.text));
    expect(seen.join('')).toBe('Once upon');
    expect(tokens.map(({ id }) => id)).toEqual([403, 407]);
    expect(end.digest).toBe('00000000deadbeef');
    expect(tokensPerSecond(end)).toBe(1000);
    expect(lines).toEqual(['/json on', 'Once upon a time']);
  });

  it('hands on what the device refuses', async () => {
    const { connection } = scripted({
      '/json on': [ready],
      long: ['{"event":"error","message":"That prompt has 300 tokens."}'],
    });
    const device = await openDevice(connection);
    await expect(device.tell('long')).rejects.toThrow('That prompt has 300 tokens.');
  });

  it('gives a silent device up', async () => {
    const { connection } = scripted({ '/json on': [ready] });
    const device = await openDevice(connection, { silence: 20 });
    await expect(device.tell('anything')).rejects.toThrow(/fell silent/);
  });

  it('notices a cable pulled in the middle', async () => {
    const { connection } = scripted({ '/json on': [ready] });
    const device = await openDevice(connection);
    const telling = device.tell('anything');
    await connection.close();
    await expect(telling).rejects.toThrow(/connection was lost/);
  });

  it("tells a command's answer from the next one's, and hands on what the device refuses of it", async () => {
    const fence = '{"event":"error","message":"/json wants on or off"}';
    const { connection } = scripted({
      '/json on': [ready],
      '/temp 0.5': ['temperature 0.5'],
      '/temp 99': ['{"event":"error","message":"/temp wants a number from 0 to 10"}'],
      '/json ?': [fence],
    });
    const device = await openDevice(connection);
    expect(await device.command('/temp 0.5')).toEqual(['temperature 0.5']);
    await expect(device.command('/temp 99')).rejects.toThrow('/temp wants a number from 0 to 10');
    expect(await device.command('/temp 0.5')).toEqual(['temperature 0.5']);
  });

  it.each([
    ['Once\nupon', /line break/],
    ['a\tb', /control character 0x09/],
    ['/help', /takes for a command/],
    ['x'.repeat(513), /513 bytes, and the console of a board takes a line of 512/],
  ])('does not type the prompt %j', async (prompt, sentence) => {
    const { connection, lines } = scripted({ '/json on': [ready] });
    const device = await openDevice(connection);
    await expect(device.tell(prompt)).rejects.toThrow(sentence);
    expect(lines).toEqual(['/json on']);
  });

  it('notices a restart in the middle, and joins again', async () => {
    const { connection } = scripted({ '/json on': [ready], x: ['ESP-ROM:esp32s3-20210327'] });
    const device = await openDevice(connection);
    await expect(device.tell('x')).rejects.toThrow(/was restarted/);
    expect((await device.rejoin('/reboot')).map).toBe('0123456789abcdef');
  });

  it.each([
    ['invalid header: 0xffffffff', /no program in its flash: flash it/],
    ['waiting for download', /in download mode still/],
  ])('gives a board that says %j up at once, without a line of noise', async (line, sentence) => {
    const noise: string[] = [];
    const { connection } = scripted({ '/json on': new Array(50).fill(line) });
    await expect(openDevice(connection, { onText: (text) => noise.push(text) })).rejects.toThrow(sentence);
    expect(noise).toEqual([]);
  });

  it('shows nothing of what was printed before the device answers', async () => {
    const noise: string[] = [];
    const { connection } = scripted({ '/json on': ['^C', '> /json on', ready] });
    await openDevice(connection, { onText: (text) => noise.push(text) });
    expect(noise).toEqual([]);
  });

  it('says that a port takes nothing', async () => {
    const { connection } = scripted({});
    const stuck = { ...connection, write: () => new Promise<void>(() => {}) };
    const device = openDevice(stuck);
    await expect(device).rejects.toThrow(/takes nothing that is sent/);
  });

  it('takes nothing but events for an event', () => {
    fc.assert(fc.property(fc.string(), (line) => void parseEvent(line)));
    expect(parseEvent('{"event":"other"}')).toBeUndefined();
    expect(parseEvent(`noise ${ready}`)).toMatchObject({ event: 'ready' });
  });
});

describe('panic addresses', () => {
  const symbolize = createSymbolizer(
    new Map([
      ['main0', 0x40370100],
      ['forward', 0x40370400],
    ]),
  );
  it('become function names', () => {
    expect(symbolize(0x40370100)).toBe('main0');
    expect(symbolize(0x40370412)).toBe('forward+0x12');
    expect(symbolize(0x40370000)).toBeUndefined();
    expect(symbolize(0x40390000)).toBeUndefined();
  });
  it('are looked for only after a panic', () => {
    const decode = createPanicDecoder(symbolize);
    expect(decode('the story of 0x40370412')).toBeUndefined();
    expect(decode('panic on core 0: LoadStoreError')).toBeUndefined();
    expect(decode('PC 0x40370412  A0 0x40370104')).toBe('--- 0x40370412 forward+0x12, 0x40370104 main0+0x4');
  });
});
