/** Reset causes as RTC_CNTL_RESET_STATE holds them, with the ROM's own names (docs/esp32-s3.md C9.1). */

export const RESET_REASON = {
  powerOn: 0x01,
  softwareSystem: 0x03,
  timerGroup0System: 0x07,
  timerGroup1System: 0x08,
  rtcWatchdogSystem: 0x09,
  timerGroup0Cpu: 0x0b,
  softwareCpu: 0x0c,
  rtcWatchdogCpu: 0x0d,
  rtcWatchdogRtc: 0x10,
  timerGroup1Cpu: 0x11,
  superWatchdog: 0x12,
  usbUart: 0x15,
  usbJtag: 0x16,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  1: 'POWERON',
  3: 'RTC_SW_SYS_RST',
  5: 'DSLEEP',
  7: 'TG0WDT_SYS_RST',
  8: 'TG1WDT_SYS_RST',
  9: 'RTCWDT_SYS_RST',
  10: 'INTRUSION_RST',
  11: 'TG0WDT_CPU_RST',
  12: 'RTC_SW_CPU_RST',
  13: 'RTCWDT_CPU_RST',
  15: 'BROWNOUT_RST',
  16: 'RTCWDT_RTC_RST',
  17: 'TG1WDT_CPU_RST',
  18: 'SUPER_WDT_RST',
  19: 'GLITCH_RTC_RST',
  20: 'EFUSE_RST',
  21: 'USB_UART_CHIP_RESET',
  22: 'USB_JTAG_CHIP_RESET',
  23: 'POWER_GLITCH_RESET',
};

/** @returns the ROM's name: `N/A` for unused numbers, `unk` above 0x17. */
export const resetReasonName = (reason: number): string => NAMES[reason] ?? (reason > 0x17 ? 'unk' : 'N/A');

/** Whether the ROM goes on booting after this cause; otherwise it prints `invalid reset` and resets. */
export const isBootableReset = (reason: number): boolean =>
  reason === 1 ||
  reason === 3 ||
  reason === 5 ||
  (reason >= 7 && reason <= 0xd) ||
  (reason >= 0xf && reason <= 0x17);

/**
 * Whether a reset reaches the RTC domain (TRM chapter 7: chip and system resets). Core resets, those over USB among them, leave its
 * registers and watchdogs as they are.
 */
export const resetsRtc = (reason: number): boolean =>
  reason === RESET_REASON.powerOn ||
  reason === RESET_REASON.rtcWatchdogRtc ||
  reason === RESET_REASON.superWatchdog;
