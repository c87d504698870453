/**
 * What SAR ADC1 counts for a voltage, at its widest range (12 dB): the inverse of Espressif's calibration of the ESP32-S3 (ESP-IDF
 * adc_cali_curve_fitting.c and esp32s3/curve_fitting_coefficients.c; docs/esp32-s3.md D8), for a chip whose eFuse says what this table says.
 */

/** As read from the eFuse (ESP-IDF esp_efuse_table.csv, EFUSE_BLK2): first bit of the block, bits, and what this chip holds. */
export const CALIBRATION = [
  { name: 'BLK_VERSION_MAJOR', first: 128, bits: 2, value: 1 },
  { name: 'TEMP_CALIB', first: 132, bits: 9, value: 0 },
  { name: 'ADC1_INIT_CODE_ATTEN0', first: 149, bits: 8, value: 110 },
  { name: 'ADC1_INIT_CODE_ATTEN1', first: 157, bits: 6, value: 22 },
  { name: 'ADC1_INIT_CODE_ATTEN2', first: 163, bits: 6, value: 25 },
  { name: 'ADC1_INIT_CODE_ATTEN3', first: 169, bits: 6, value: 31 },
  { name: 'ADC1_CAL_VOL_ATTEN3', first: 225, bits: 8, value: 190 },
] as const;

const calibrated = (wanted: string): number => CALIBRATION.find(({ name }) => name === wanted)!.value;

/** Initial code of the converter with which the counts are right. */
export const INITIAL_CODE =
  1850 +
  calibrated('ADC1_INIT_CODE_ATTEN0') +
  (90 + calibrated('ADC1_INIT_CODE_ATTEN1')) +
  calibrated('ADC1_INIT_CODE_ATTEN2') +
  (70 + calibrated('ADC1_INIT_CODE_ATTEN3'));

/** Counts at 850 mV. */
const COUNTS_AT_850 = 900 + calibrated('ADC1_CAL_VOL_ATTEN3');
export const MOST_COUNTS = 4095;
/** How far the straight line through 850 mV is off at x mV: powers of x from the first on. */
const ERROR = [-0.0644334888647536, 1.297891447611e-4, -7.0769718e-8, 1.3515e-11];

function millivoltsAt(counts: number): number {
  const line = (counts * 850) / COUNTS_AT_850;
  return ERROR.reduceRight((voltage, factor, power) => voltage - factor * line ** (power + 1), line);
}

/** Counts at 12 dB, with the right initial code. */
export function countsAt(millivolts: number): number {
  let [least, most] = [0, MOST_COUNTS];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (millivoltsAt(middle) <= millivolts) least = middle;
    else most = middle - 1;
  }
  return least;
}
