import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLASH_PAGE, type ImageOptions, MAPPED_OFFSET, readImage, writeFlash, writeImage } from './image.ts';

const options: ImageOptions = {
  entry: 0x40370400,
  segments: [
    { address: 0x40370000, bytes: Uint8Array.from({ length: 1028 }, (_, index) => index) },
    { address: 0x3fc88000, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
  ],
  mode: 'qio',
  megahertz: 80,
  megabytes: 16,
};

describe('flash image', () => {
  it('has the header that the ROM wants, byte for byte', () => {
    const image = writeImage(options);
    const expected = 'e9 02 00 4f 00 04 37 40 ee 00 00 00 09 00 00 00 00 ff ff 00 00 00 00 01';
    expect(Buffer.from(image.subarray(0, 24)).toString('hex')).toBe(expected.replaceAll(' ', ''));
    expect(image.length % 16).toBe(0);
  });

  it('reads back what it wrote, whatever the segments', () => {
    const segment = fc.record({
      address: fc.nat(0xfffff).map((words) => 0x3fc00000 + 4 * words),
      bytes: fc.uint8Array({ maxLength: 200 }),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 16 }), (segments) => {
        const back = readImage(writeImage({ ...options, segments }));
        expect(back.segments.map(({ address }) => address)).toEqual(segments.map(({ address }) => address));
        back.segments.forEach(({ bytes }, index) => {
          const { length } = segments[index].bytes;
          expect(bytes.subarray(0, length)).toEqual(segments[index].bytes);
          expect(bytes.length - length).toBeLessThan(4);
        });
      }),
    );
  });

  it('refuses every flipped bit of an image in a sentence', () => {
    const image = writeImage(options);
    const harmless = new Set([4, 5, 6, 7, 8]); // covered by the digest, not by a check of their own
    fc.assert(
      fc.property(fc.nat(image.length - 1), fc.nat(7), (at, bit) => {
        const broken = image.slice();
        broken[at] ^= 1 << bit;
        expect(() => readImage(broken), harmless.has(at) ? 'digest' : 'check').toThrow(
          /^not a bootable ESP32-S3 image: .*\.$/,
        );
      }),
    );
  });

  it('survives arbitrary bytes and truncation', () => {
    const image = writeImage(options);
    for (let length = 0; length < image.length; length++) {
      expect(() => readImage(image.subarray(0, length))).toThrow(/not a bootable/);
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 200 }), (bytes) => {
        bytes[0] = 0xe9;
        expect(() => readImage(bytes)).toThrow(/not a bootable/);
      }),
    );
  });

  it('refuses what the ROM would refuse', () => {
    const many = Array.from({ length: 17 }, () => ({ address: 0x3fc88000, bytes: new Uint8Array(4) }));
    expect(() => writeImage({ ...options, segments: many })).toThrow(/17 segments/);
    expect(() => writeImage({ ...options, segments: [{ address: 2, bytes: new Uint8Array(4) }] })).toThrow(
      /multiples of 4/,
    );
    expect(() => writeImage({ ...options, megabytes: 3 })).toThrow(/3 MB/);
  });

  it('puts mapped data on a flash page behind the image', () => {
    const image = writeImage(options);
    const flash = writeFlash(image, Uint8Array.of(7));
    expect(MAPPED_OFFSET % FLASH_PAGE).toBe(0);
    expect(flash[MAPPED_OFFSET]).toBe(7);
    expect(flash[MAPPED_OFFSET - 1]).toBe(0xff);
    expect(readImage(flash).bytes).toBe(image.length);
  });
});
